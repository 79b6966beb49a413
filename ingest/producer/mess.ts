/**
 * Turns simulated events into messages, some of them messy at stated rates. Each event is messy in one way at
 * most. `late` and `out_of_order` events are held back and sent when the stream has moved on; a `duplicate` is
 * the same message once more, a little later; `malformed` and `oversized` events become dead letters;
 * `unknown_field` events are valid, with fields the contract does not know.
 */
import { breakEvent } from './malformed.ts'
import type { Message } from './message.ts'
import { createRandom, type Random } from './random.ts'
import type { SimulatedEvent } from './simulate.ts'

/** Fractions of the events, 0…1; together at most 1. */
export type MessRates = {
  readonly late: number
  readonly outOfOrder: number
  readonly duplicate: number
  readonly malformed: number
  readonly oversized: number
  readonly unknownField: number
}

export const noMess: MessRates = {
  late: 0,
  outOfOrder: 0,
  duplicate: 0,
  malformed: 0,
  oversized: 0,
  unknownField: 0,
}

/** The rates of `--mess`. */
export const defaultMess: MessRates = {
  late: 0.01,
  outOfOrder: 0.02,
  duplicate: 0.01,
  malformed: 0.002,
  oversized: 0.000_05,
  unknownField: 0.01,
}

export type MessOptions = {
  readonly seed: number
  readonly rates: MessRates
  /** Oversized values are up to 64 KiB longer than this. */
  readonly maxRecordBytes: number
  /** Length of the simulated span; a delay is never longer than a quarter of it. */
  readonly spanMs: number
}

type Held = { readonly due: number; readonly message: Message }

const secondMs = 1_000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs
/** What waits is sent before its time when there is more: memory is bounded. */
const mostHeld = 20_000

const delays = {
  late: [hourMs, 48 * hourMs],
  out_of_order: [5 * secondMs, 5 * minuteMs],
  duplicate: [secondMs, 10 * minuteMs],
} as const

/** One message an event, and one more a duplicate. The same events and options give the same messages. */
export function* messUp(
  events: Iterable<SimulatedEvent>,
  options: MessOptions,
): Generator<Message> {
  const random = createRandom(options.seed, 4)
  const held = new HeldMessages()
  const delay = delayDrawer(options, random)
  for (const event of events) {
    yield* held.take(event.at)
    const message = messageOf(event, options, random)
    switch (message.kind) {
      case 'late':
      case 'out_of_order':
        held.put({ due: event.at + delay(message.kind), message })
        break
      case 'duplicate':
        yield { ...message, kind: 'ordinary' }
        held.put({ due: event.at + delay(message.kind), message })
        break
      default:
        yield message
    }
  }
  yield* held.take(Number.POSITIVE_INFINITY)
}

function messageOf(event: SimulatedEvent, options: MessOptions, random: Random): Message {
  const key = String(event.userId)
  const { rates } = options
  const at = event.at
  let draw = random.next()
  const hit = (rate: number) => {
    if (draw < rate) return true
    draw -= rate
    return false
  }
  if (hit(rates.late)) return { key, value: event.text, kind: 'late', at }
  if (hit(rates.outOfOrder)) return { key, value: event.text, kind: 'out_of_order', at }
  if (hit(rates.duplicate)) return { key, value: event.text, kind: 'duplicate', at }
  if (hit(rates.malformed)) return { key, kind: 'malformed', at, ...breakEvent(event, random) }
  if (hit(rates.oversized)) {
    const padding = options.maxRecordBytes + 1 + random.int(64 * 1_024)
    const value = withFields(event.text, `"note":"${'x'.repeat(padding)}"`)
    return { key, value, kind: 'oversized', at }
  }
  if (hit(rates.unknownField)) {
    const value = withFields(event.text, unknownFields(random))
    return { key, value, kind: 'unknown_field', at }
  }
  return { key, value: event.text, kind: 'ordinary', at }
}

function unknownFields(random: Random): string {
  return random.pick([
    '"app_version":"4.2.0"',
    '"campaign":{"id":17,"name":"été"}',
    '"experiments":["checkout-b","search-c"]',
    '"referrer":null,"consent":true',
  ])
}

function withFields(text: string, fields: string): string {
  return `${text.slice(0, -1)},${fields}}`
}

function delayDrawer(options: MessOptions, random: Random) {
  return (kind: keyof typeof delays): number => {
    const [least, most] = delays[kind]
    const longest = Math.min(most, options.spanMs / 4)
    const shortest = Math.min(least, longest / 2)
    return shortest + random.next() * (longest - shortest)
  }
}

/** A binary heap of messages by the time they are due. */
class HeldMessages {
  readonly #heap: Held[] = []

  put(held: Held): void {
    const heap = this.#heap
    heap.push(held)
    let child = heap.length - 1
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (this.#due(parent) <= this.#due(child)) break
      this.#swap(parent, child)
      child = parent
    }
  }

  /** Those due by `time`, and the next ones when too many wait. */
  *take(time: number): Generator<Message> {
    while (this.#heap.length > 0 && (this.#due(0) <= time || this.#heap.length > mostHeld)) {
      const first = this.#pop()
      if (first !== undefined) yield first.message
    }
  }

  #pop(): Held | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return first
    heap[0] = last
    let parent = 0
    for (;;) {
      let least = parent
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (this.#due(child) < this.#due(least)) least = child
      }
      if (least === parent) return first
      this.#swap(parent, least)
      parent = least
    }
  }

  #due(index: number): number {
    return this.#heap[index]?.due ?? Number.POSITIVE_INFINITY
  }

  #swap(one: number, other: number): void {
    const heap = this.#heap
    const [first, second] = [heap[one], heap[other]]
    if (first === undefined || second === undefined) return
    heap[one] = second
    heap[other] = first
  }
}
