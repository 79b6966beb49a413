/** The users of one simulation: who comes when, drawn in constant time by an alias table. */
import { createRandom, type Random } from './random.ts'
import { sessionSteps } from './session.ts'
import {
  driftFactor,
  maxRhythm,
  rhythm,
  type SimulatedUser,
  traitsOf,
  type UserTraits,
} from './user-model.ts'

export type PopulationOptions = {
  readonly seed: number
  /** Ids 1…users. */
  readonly users: number
  /** Events the whole population makes in the span. */
  readonly events: number
  readonly days: number
}

export interface Population {
  /** Mean events of a session, by a fixed sample. */
  readonly eventsPerSession: number
  user(userId: number): SimulatedUser
  /** Who starts a session now: `x` is the position in the span, hour and day are UTC. */
  draw(x: number, hour: number, dayOfWeek: number, random: Random): UserTraits
  /** Times the mean activity that a moment sees, over a sample of users. */
  activityAt(x: number, hour: number, dayOfWeek: number): number
}

const sampleSize = 500

/** Makes a population; 12 bytes a user, whatever the number of events. */
export function openPopulation(options: PopulationOptions): Population {
  const { seed, users } = options
  const traits = (userId: number) => traitsOf(seed, userId)
  const weights = new Float64Array(users)
  let totalBase = 0
  for (let index = 0; index < users; index += 1) {
    const user = traits(index + 1)
    totalBase += user.base
    // The most this user can weigh at any moment; `draw` accepts in proportion to the moment.
    weights[index] = user.base * peakDrift(user)
  }
  const table = aliasTable(weights)
  const sample = Array.from({ length: Math.min(users, sampleSize) }, (_, index) =>
    traits(1 + Math.floor((index * users) / Math.min(users, sampleSize))),
  )
  const sampleBase = sample.reduce((sum, user) => sum + user.base, 0)

  function draw(x: number, hour: number, dayOfWeek: number, random: Random): UserTraits {
    for (;;) {
      const user = traits(1 + drawIndex(table, random))
      const moment = driftFactor(user, x) * rhythm(user, hour, dayOfWeek)
      if (random.next() * peakDrift(user) * maxRhythm < moment) return user
    }
  }

  const eventsPerSession = meanSteps(draw, createRandom(seed, 2))
  const sessionsPerBaseDay = options.events / eventsPerSession / (totalBase * options.days)
  return {
    eventsPerSession,
    draw,
    user: (userId) => {
      const user = traits(userId)
      return { ...user, sessionsPerDay: user.base * sessionsPerBaseDay }
    },
    activityAt: (x, hour, dayOfWeek) => {
      let sum = 0
      for (const user of sample) {
        sum += user.base * driftFactor(user, x) * rhythm(user, hour, dayOfWeek)
      }
      return sum / sampleBase
    },
  }
}

function peakDrift(user: UserTraits): number {
  return Math.exp(Math.abs(user.drift) / 2)
}

function meanSteps(draw: Population['draw'], random: Random): number {
  const sessions = 4_000
  let steps = 0
  for (let session = 0; session < sessions; session += 1) {
    const x = random.next()
    const user = draw(x, random.int(24), random.int(7), random)
    steps += sessionSteps(user, x, random).length
  }
  return steps / sessions
}

type AliasTable = { readonly keep: Float64Array; readonly other: Int32Array }

/** Walker's method: any discrete distribution is an even choice among columns of at most two outcomes. */
function aliasTable(weights: Float64Array): AliasTable {
  const size = weights.length
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const keep = weights.map((weight) => (weight * size) / total)
  const other = new Int32Array(size)
  const small: number[] = []
  const large: number[] = []
  for (let index = 0; index < size; index += 1) ((keep[index] ?? 0) < 1 ? small : large).push(index)
  while (small.length > 0 && large.length > 0) {
    const poor = small.pop() ?? 0
    const rich = large.at(-1) ?? 0
    other[poor] = rich
    keep[rich] = (keep[rich] ?? 0) - (1 - (keep[poor] ?? 0))
    if ((keep[rich] ?? 0) < 1) small.push(large.pop() ?? 0)
  }
  // What is left differs from 1 by rounding only.
  for (const index of [...small, ...large]) keep[index] = 1
  return { keep, other }
}

function drawIndex({ keep, other }: AliasTable, random: Random): number {
  const column = random.int(keep.length)
  return random.next() < (keep[column] ?? 1) ? column : (other[column] ?? column)
}
