/** Whether one model is better than another on the same rows, and how sure that is. */
import { sum } from './figures.ts'

export type Improvement = {
  /** Mean log loss of the other model minus that of this one: above 0 this one is better. */
  readonly value: number
  /** The middle 95 % of the replicates. */
  readonly low: number
  readonly high: number
}

const replicates = 1_000
/** Replicates of many rows would take minutes; their interval is narrow with fewer, too. */
const maxDraws = 100_000_000
const minReplicates = 200

/**
 * Both models are judged on the same drawn rows, so that rows which are hard for both do not widen the interval. What
 * is drawn are users with all of their rows: those of one user at several instants tell much the same, and drawn one by
 * one they would make the interval narrower than the truth.
 * @param theirs log loss of each row by the other model, `ours` by this one
 * @param users a number from 0 for each user, one a row; without it each row is a user
 */
export function improvementOf(
  theirs: Float64Array,
  ours: Float64Array,
  users: Uint32Array = Uint32Array.from(theirs, (_, row) => row),
  seed = 1,
): Improvement {
  const { gains, rows } = byUser(
    theirs.map((loss, row) => loss - (ours[row] ?? 0)),
    users,
  )
  const count = gains.length
  const times = Math.max(minReplicates, Math.min(replicates, Math.floor(maxDraws / count)))
  const random = randomBelow(seed)
  const means = Float64Array.from({ length: times }, () => {
    let [total, drawn] = [0, 0]
    for (let draw = 0; draw < count; draw++) {
      const user = random(count)
      total += gains[user] ?? 0
      drawn += rows[user] ?? 0
    }
    return total / drawn
  }).sort()
  const value = sum(gains) / theirs.length
  return { value, low: quantile(means, 0.025), high: quantile(means, 0.975) }
}

/** The sum of the gains of each user, and of how many rows it is. */
function byUser(gainOfRow: Float64Array, users: Uint32Array) {
  const count = users.reduce((most, user) => Math.max(most, user + 1), 0)
  const [gains, rows] = [new Float64Array(count), new Float64Array(count)]
  users.forEach((user, row) => {
    gains[user] = (gains[user] ?? 0) + (gainOfRow[row] ?? 0)
    rows[user] = (rows[user] ?? 0) + 1
  })
  return { gains, rows }
}

function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1)
  const [low = 0, high = low] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
  return low + (high - low) * (place - Math.floor(place))
}

/** The same numbers for the same seed (mulberry32): the gate has to decide the same twice. */
function randomBelow(seed: number): (limit: number) => number {
  let state = seed >>> 0
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * limit)
  }
}
