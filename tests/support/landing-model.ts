/**
 * Exhaustive search over everything that two writers of one partition, a network that delays, repeats and loses,
 * and a few crashes can do with the landing protocol. The writers run the product's own `transition`.
 */
import { type Claim, type State, transition } from '../../ingest/landing/machine.ts'

export type ModelOptions = {
  /** Offsets in the log. */
  readonly offsets: number
  readonly crashes: number
  /** Claims one writer may begin. */
  readonly claims: number
  readonly startAt: number
  /** The store honours If-None-Match. */
  readonly conditional: boolean
  /** A writer takes its claim for granted and sends the next one before the answer. */
  readonly pipelined: boolean
  /** The key holds the day of the claim. */
  readonly datedKeys: boolean
  readonly maxStates: number
}

type Entry = { readonly claim: Claim; readonly writer: number }
type Put = { readonly key: string; readonly entry: Entry; readonly copies: number }
type Writer = { readonly state: State; readonly claims: number }
type World = {
  readonly day: number
  readonly crashes: number
  readonly writers: readonly Writer[]
  readonly network: readonly Put[]
  readonly store: readonly (readonly [string, Entry])[]
  /** Nonces whose writer was told that they are committed. */
  readonly acknowledged: readonly string[]
}

export type ModelResult = {
  readonly states: number
  readonly violation: string | undefined
  readonly complete: boolean
}

/** Visits every reachable world, breadth first, until one violates the invariant or the bound is met. */
export function checkLanding(options: ModelOptions): ModelResult {
  const first: World = {
    day: 1,
    crashes: options.crashes,
    writers: [0, 1].map(() => ({ state: { kind: 'recovering' }, claims: options.claims })),
    network: [],
    store: [],
    acknowledged: [],
  }
  const seen = new Set([keyOf(first)])
  let frontier = [first]
  while (frontier.length > 0) {
    const next: World[] = []
    for (const world of frontier) {
      for (const reached of successors(world, options)) {
        const successor = options.conditional ? withoutIdlePuts(reached) : reached
        const key = keyOf(successor)
        if (seen.has(key)) continue
        const violation = violationOf(successor)
        if (violation !== undefined) return { states: seen.size, violation, complete: false }
        seen.add(key)
        if (seen.size >= options.maxStates) {
          return { states: seen.size, violation: undefined, complete: false }
        }
        next.push(successor)
      }
    }
    frontier = next
  }
  return { states: seen.size, violation: undefined, complete: true }
}

/** With the condition, a PUT whose key is taken and whose writer has moved on changes nothing any more. */
function withoutIdlePuts(world: World): World {
  const taken = new Set(world.store.map(([key]) => key))
  const network = world.network.flatMap((put) => {
    if (!taken.has(put.key)) return [put]
    const state = world.writers[put.entry.writer]?.state
    const awaited = state?.kind === 'claiming' && state.claim.nonce === put.entry.claim.nonce
    return awaited ? [{ ...put, copies: 1 }] : []
  })
  return { ...world, network }
}

function keyOf(world: World): string {
  return JSON.stringify(world)
}

/** A reader sees all entries of the store: they must tile the log from 0, linked, and hold whatever was acknowledged. */
function violationOf(world: World): string | undefined {
  const entries = world.store
    .map(([, entry]) => entry)
    .sort((a, b) => a.claim.start - b.claim.start)
  let next = 0
  let previous: Entry | undefined
  for (const entry of entries) {
    const { start, end, prev } = entry.claim
    if (start < next) return `offset ${start} is landed twice`
    if (start > next) return `offset ${next} is missing below offset ${start}`
    if (prev !== null && prev.etag !== previous?.claim.nonce)
      return `the link at ${start} is broken`
    next = end
    previous = entry
  }
  const present = new Set(entries.map((entry) => entry.claim.nonce))
  const lost = world.acknowledged.find((nonce) => !present.has(nonce))
  return lost === undefined ? undefined : `the committed claim ${lost} is gone`
}

function* successors(world: World, options: ModelOptions): Generator<World> {
  if (options.datedKeys && world.day < 2) yield { ...world, day: world.day + 1 }
  for (const [index, writer] of world.writers.entries()) {
    yield* stepsOf(world, index, writer, options)
    if (world.crashes > 0 && writer.state.kind !== 'recovering') {
      const dead = setWriter(world, index, { ...writer, state: { kind: 'recovering' } })
      yield { ...dead, crashes: world.crashes - 1 }
    }
  }
  for (const put of world.network) {
    const { world: stored, exists } = deliver(world, put, options)
    // The answer is lost, and no repetition comes either if the writer is dead.
    yield stored
    yield answer(stored, put, exists, options)
  }
}

function* stepsOf(
  world: World,
  index: number,
  writer: Writer,
  options: ModelOptions,
): Generator<World> {
  const { state } = writer
  const nonce = `${index}.${writer.claims}`
  switch (state.kind) {
    case 'recovering': {
      if (writer.claims === 0) return
      const event = {
        kind: 'recovered',
        head: headOf(world),
        startAt: options.startAt,
        logStart: 0,
        highWatermark: options.offsets,
        last: null,
        onGap: 'fail',
        nonce,
      } as const
      yield apply(world, index, event, options)
      return
    }
    case 'filling':
      if (writer.claims > 0) yield apply(world, index, { kind: 'flush', nonce }, options)
      yield* fetches(world, index, state.position, options)
      return
    case 'preparing':
      yield apply(world, index, { kind: 'prepared', nonce: state.claim.nonce }, options)
      return
    case 'claiming':
      yield apply(world, index, { kind: 'unanswered', nonce: state.claim.nonce }, options)
      yield* fetches(world, index, state.position, options)
      return
    default:
  }
}

function* fetches(
  world: World,
  index: number,
  position: number,
  options: ModelOptions,
): Generator<World> {
  for (let end = position + 1; end <= Math.min(position + 2, options.offsets); end += 1) {
    yield apply(world, index, { kind: 'records', from: position, end }, options)
  }
}

/** Gives a writer an event and puts what it sends on the network. */
function apply(
  world: World,
  index: number,
  event: Parameters<typeof transition>[1],
  options: ModelOptions,
): World {
  const writer = world.writers[index]
  if (writer === undefined) return world
  const { state, actions } = transition(writer.state, event)
  const begun = 'claim' in state && !('claim' in writer.state) ? 1 : 0
  let next = setWriter(world, index, { state, claims: writer.claims - begun })
  for (const action of actions) {
    if (action.kind === 'claim') next = send(next, index, action.claim, options)
  }
  return next
}

function send(world: World, index: number, claim: Claim, options: ModelOptions): World {
  const key = options.datedKeys ? `${world.day}/${claim.start}` : String(claim.start)
  const same = world.network.find((put) => put.key === key && put.entry.claim.nonce === claim.nonce)
  // Two copies are as bad as any number: the second one is the late one.
  const copies = Math.min(2, (same?.copies ?? 0) + 1)
  const others = world.network.filter((put) => put !== same)
  const put: Put = { key, entry: { claim, writer: index }, copies }
  const sent = { ...world, network: sorted([...others, put]) }
  if (!options.pipelined) return sent
  return apply(sent, index, { kind: 'committed', nonce: claim.nonce, etag: claim.nonce }, options)
}

function deliver(
  world: World,
  put: Put,
  options: ModelOptions,
): { readonly world: World; readonly exists: boolean } {
  const others = world.network.filter((other) => other !== put)
  const network = put.copies > 1 ? sorted([...others, { ...put, copies: 1 }]) : others
  const standing = world.store.find(([key]) => key === put.key)
  if (standing !== undefined && options.conditional) {
    return { world: { ...world, network }, exists: true }
  }
  const rest = world.store.filter(([key]) => key !== put.key)
  const store = [...rest, [put.key, put.entry] as const].sort(([a], [b]) => a.localeCompare(b))
  return { world: { ...world, network, store }, exists: false }
}

/** The answer reaches its writer, who looks at the entry when told that one exists. */
function answer(world: World, put: Put, exists: boolean, options: ModelOptions): World {
  const { claim, writer } = put.entry
  const standing = world.store.find(([key]) => key === put.key)?.[1]
  const own = !exists || standing?.claim.nonce === claim.nonce
  const event = own
    ? ({ kind: 'committed', nonce: claim.nonce, etag: claim.nonce } as const)
    : ({ kind: 'fenced', nonce: claim.nonce } as const)
  const told = apply(world, writer, event, options)
  const heard = world.writers[writer]?.state
  const listened = heard?.kind === 'claiming' && heard.claim.nonce === claim.nonce
  if (!own || !listened) return told
  return { ...told, acknowledged: [...new Set([...told.acknowledged, claim.nonce])].sort() }
}

/** What a recovering writer reads: it follows the chain from 0. */
function headOf(world: World): { offset: number; prev: { start: number; etag: string } | null } {
  let offset = 0
  let prev: { start: number; etag: string } | null = null
  for (;;) {
    const found = world.store.find(([, entry]) => entry.claim.start === offset)?.[1].claim
    if (found === undefined) return { offset, prev }
    prev = { start: found.start, etag: found.nonce }
    offset = found.end
  }
}

function setWriter(world: World, index: number, writer: Writer): World {
  return { ...world, writers: world.writers.map((other, at) => (at === index ? writer : other)) }
}

function sorted(network: readonly Put[]): readonly Put[] {
  const name = (put: Put) => `${put.key}#${put.entry.claim.nonce}`
  return [...network].sort((a, b) => name(a).localeCompare(name(b)))
}
