/**
 * The simulator: events of all users, merged in time order, exactly as many as asked for. Memory does not grow
 * with their number: time is cut into slots of some 5,000 events, and visits become shorter when there are so
 * many at once that more than about 20,000 events would wait for their turn.
 */
import { openPopulation, type Population } from './population.ts'
import { createRandom, fingerprint, type Random } from './random.ts'
import { type Step, sessionSteps } from './session.ts'

export type SimulationOptions = {
  readonly seed: number
  /** Ids 1…users. */
  readonly users: number
  /** Exactly this many; with `eventsPerSecond`, Infinity is allowed. */
  readonly events: number
  /** No event is later; milliseconds since 1970. Ignored with `eventsPerSecond`. */
  readonly end: number
  /** Length of the simulated past. With `eventsPerSecond`: the cycle in which habits drift. */
  readonly days: number
  /** Live: from `start` on, at this rate, for ever. */
  readonly live?: { readonly start: number; readonly eventsPerSecond: number }
}

export type SimulatedEvent = {
  /** Milliseconds since 1970: its `timestamp`. */
  readonly at: number
  readonly userId: number
  /** The message as JSON, by the contract of `core/contracts/user-activity.ts`. */
  readonly text: string
}

/** Where a slot lies and how many events are scheduled by its end, all slots before it included. */
type Slot = { readonly start: number; readonly x: number; readonly quota: number }

type Schedule = {
  readonly start: number
  readonly slotMs: number
  readonly longestSessionMs: number
  readonly slots: Iterable<Slot>
}

const dayMs = 86_400_000
const hourMs = 3_600_000
const waitingEvents = 20_000
const eventsPerSlot = 5_000

/** The events of a simulation in time order; the same options give the same bytes. */
export function* simulate(options: SimulationOptions): Generator<SimulatedEvent> {
  const population = openPopulation(populationOf(options))
  const schedule =
    options.live === undefined ? pastSchedule(options, population) : liveSchedule(options)
  const random = createRandom(options.seed, 3)
  const writer = eventWriter(options)
  const waiting = new Map<number, SimulatedEvent[]>()
  const slotOf = (at: number) => Math.floor((at - schedule.start) / schedule.slotMs)
  let scheduled = 0
  let current = 0

  for (const slot of schedule.slots) {
    current = slotOf(slot.start + schedule.slotMs / 2)
    const target = Math.min(slot.quota, options.events)
    while (scheduled < target) {
      const at = slot.start + Math.floor(random.next() * schedule.slotMs)
      for (const event of session(population, slot.x, at, schedule, random, writer)) {
        if (scheduled === options.events) break
        scheduled += 1
        enqueue(waiting, slotOf(event.at), event)
      }
    }
    yield* takeSlot(waiting, current)
    if (scheduled === options.events) break
  }
  for (const slot of [...waiting.keys()].sort((one, other) => one - other)) {
    yield* takeSlot(waiting, slot)
  }
}

/** The users of a simulation, to ask them for their propensity. */
export function populationOf(options: SimulationOptions) {
  const { seed, users, days, live } = options
  const events = live === undefined ? options.events : live.eventsPerSecond * days * 86_400
  return { seed, users, days, events }
}

function* session(
  population: Population,
  x: number,
  start: number,
  schedule: Schedule,
  random: Random,
  writer: EventWriter,
): Generator<SimulatedEvent> {
  const day = new Date(start)
  const user = population.draw(x, day.getUTCHours(), day.getUTCDay(), random)
  const steps = sessionSteps(user, x, random)
  // Twice the mean gap is the longest one, so a visit never outlasts `longestSessionMs`.
  const meanGap = Math.min(
    20_000 + 50_000 * random.next(),
    schedule.longestSessionMs / steps.length / 2,
  )
  const sessionId = writer.sessionId()
  let at = start
  for (const step of steps) {
    yield { at, userId: user.userId, text: writer.event(user.userId, sessionId, at, step) }
    at += 1 + Math.floor(2 * random.next() * (meanGap - 1))
  }
}

/** Cuts the past into slots whose quotas follow the rhythm of days and weeks. */
function pastSchedule(options: SimulationOptions, population: Population): Schedule {
  const { events, end, days } = options
  const spanMs = Math.floor(days * dayMs)
  const start = end - spanMs
  const longestSessionMs = Math.floor(
    Math.min(hourMs, spanMs / 20, (spanMs * waitingEvents) / events),
  )
  const usableMs = spanMs - longestSessionMs
  const slotCount = Math.ceil(Math.max(usableMs / hourMs, events / eventsPerSlot, 1))
  const slotMs = usableMs / slotCount
  const activity = new Map<number, number>()

  function weightOf(index: number): number {
    const at = start + (index + 0.5) * slotMs
    const hour = Math.floor(at / hourMs)
    const known = activity.get(hour)
    if (known !== undefined) return known
    const date = new Date(at)
    const x = (at - start) / spanMs
    const weight = population.activityAt(x, date.getUTCHours(), date.getUTCDay())
    activity.set(hour, weight)
    return weight
  }

  function* slots(): Generator<Slot> {
    let total = 0
    for (let index = 0; index < slotCount; index += 1) total += weightOf(index)
    let sum = 0
    for (let index = 0; index < slotCount; index += 1) {
      sum += weightOf(index)
      const last = index === slotCount - 1
      const quota = last ? events : Math.round((events * sum) / total)
      const slotStart = start + index * slotMs
      yield { start: slotStart, x: (slotStart - start) / spanMs, quota }
    }
  }
  return { start, slotMs, longestSessionMs, slots: slots() }
}

/** One slot a second, without end. */
function liveSchedule({ live, days }: SimulationOptions): Schedule {
  const { start, eventsPerSecond } = live ?? { start: 0, eventsPerSecond: 1 }
  const longestSessionMs = Math.max(
    1_000,
    Math.min(10 * 60_000, (waitingEvents / eventsPerSecond) * 1_000),
  )
  function* slots(): Generator<Slot> {
    for (let second = 0; ; second += 1) {
      const x = (second / (days * 86_400)) % 1
      yield { start: start + second * 1_000, x, quota: Math.round(eventsPerSecond * (second + 1)) }
    }
  }
  return { start, slotMs: 1_000, longestSessionMs, slots: slots() }
}

function enqueue(
  waiting: Map<number, SimulatedEvent[]>,
  slot: number,
  event: SimulatedEvent,
): void {
  const events = waiting.get(slot)
  if (events === undefined) waiting.set(slot, [event])
  else events.push(event)
}

function* takeSlot(
  waiting: Map<number, SimulatedEvent[]>,
  slot: number,
): Generator<SimulatedEvent> {
  const events = waiting.get(slot)
  if (events === undefined) return
  waiting.delete(slot)
  yield* events.sort((one, other) => one.at - other.at)
}

type EventWriter = {
  readonly sessionId: () => string
  readonly event: (userId: number, sessionId: string, at: number, step: Step) => string
}

/** Writes events as JSON; ids begin with a fingerprint of the options, so two simulations share none. */
function eventWriter(options: SimulationOptions): EventWriter {
  const { seed, users, events, end, days, live } = options
  const origin = live === undefined ? [events, end] : [live.start, live.eventsPerSecond]
  const run = fingerprint(seed, users, days, ...origin)
  let eventCount = 0
  let sessionCount = 0
  return {
    sessionId: () => {
      sessionCount += 1
      return `${run}-s${sessionCount.toString(36)}`
    },
    event: (userId, sessionId, at, { action, product, details }) => {
      eventCount += 1
      const productId = product === undefined ? '' : `,"product_id":${product.productId}`
      return `{"event_id":"${run}-${eventCount.toString(36)}","user_id":${userId},"session_id":"${sessionId}","action":"${action}","timestamp":"${new Date(at).toISOString()}"${productId},"details":${details}}`
    },
  }
}
