/** The batches of a microbatch model: which stretches of time a run builds, in dbt's calendar. */
import type { ModelNode } from '../compile/graph.ts'
import { textConfig } from '../compile/graph.ts'
import type { TimeWindow } from '../plan/time-window.ts'
import { invalidConfig } from './config-lists.ts'

const sizes = ['hour', 'day', 'month', 'year'] as const

export type BatchSize = (typeof sizes)[number]

export type BatchRequest = {
  /** `--event-time-start` and `--event-time-end`. */
  readonly asked: TimeWindow | undefined
  /** Of the config `begin`, in milliseconds since 1970; undefined where it is not said. */
  readonly begin: number | undefined
  /** When the run began. */
  readonly now: number
  /** Whether the table is there and is added to. */
  readonly isIncremental: boolean
}

/** @throws `model/invalid-config` */
export function batchSizeOf(model: ModelNode): BatchSize {
  const said = textConfig(model.config, 'batch_size')
  const size = sizes.find((name) => name === said)
  if (size !== undefined) return size
  throw invalidConfig(model, 'batch_size', `is ${said ?? 'missing'}; there are ${sizes.join(', ')}`)
}

/**
 * The first run goes from `begin` to now, a later one over the batch of now and `lookback` (1) before it.
 * @throws `model/invalid-config` when `begin` is needed and missing, or `lookback` is no number
 */
export function batchesOf(model: ModelNode, request: BatchRequest): TimeWindow[] {
  const size = batchSizeOf(model)
  const end = ceiling(request.asked?.end ?? request.now, size)
  const batches: TimeWindow[] = []
  let start = firstStart(model, size, end, request)
  do {
    const next = offset(start, size, 1)
    batches.push({ start, end: Math.min(next, end) })
    start = next
  } while (start < end)
  return batches
}

function firstStart(
  model: ModelNode,
  size: BatchSize,
  end: number,
  { asked, begin, isIncremental }: BatchRequest,
): number {
  if (asked !== undefined) return truncate(asked.start, size)
  if (!isIncremental) {
    if (begin !== undefined) return truncate(begin, size)
    throw invalidConfig(
      model,
      'begin',
      'is needed by the strategy microbatch: a date, or a date and a time',
    )
  }
  const lookback = Number(model.config['lookback'] ?? 1)
  if (!Number.isInteger(lookback)) throw invalidConfig(model, 'lookback', 'must be a whole number')
  // The end is where the last batch ends, so that batch is one more to go back.
  return offset(end, size, -(lookback + 1))
}

/** `20240131`, with `T` and the hour for hours. */
export function batchId(start: number, size: BatchSize): string {
  return batchLabel(start, size).replaceAll('-', '')
}

/** `2024-01-31`, as long as the size is fine. */
export function batchLabel(start: number, size: BatchSize): string {
  return new Date(start).toISOString().slice(0, { year: 4, month: 7, day: 10, hour: 13 }[size])
}

export function truncate(instant: number, size: BatchSize): number {
  const at = new Date(instant)
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()]
  switch (size) {
    case 'hour':
      return Date.UTC(year, month, at.getUTCDate(), at.getUTCHours())
    case 'day':
      return Date.UTC(year, month, at.getUTCDate())
    case 'month':
      return Date.UTC(year, month)
    case 'year':
      return Date.UTC(year, 0)
    default:
      return size satisfies never
  }
}

/** So many batches on, from the beginning of the batch that the instant lies in. */
export function offset(instant: number, size: BatchSize, count: number): number {
  const begin = truncate(instant, size)
  const at = new Date(begin)
  switch (size) {
    case 'hour':
      return begin + count * 3_600_000
    case 'day':
      return begin + count * 86_400_000
    case 'month':
      return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + count)
    case 'year':
      return Date.UTC(at.getUTCFullYear() + count, 0)
    default:
      return size satisfies never
  }
}

function ceiling(instant: number, size: BatchSize): number {
  const begin = truncate(instant, size)
  return begin === instant ? begin : offset(begin, size, 1)
}
