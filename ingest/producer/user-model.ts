/**
 * How a simulated user behaves, and how likely they are to buy. Everything is a function of (seed, user id).
 *
 * With x = position in the simulated span (0 = its start, 1 = its end), a user has
 *
 *   sessions per day   s(x) = base · exp(drift · (x − ½))                  base is log-normal: a heavy tail
 *   a session buys     p(x) = 1 / (1 + exp(−z(x)))
 *                      z(x) = −2.6 + 1.1·intent + 1.6·(focus − ½) − 1.8·(priceSensitivity − ½)
 *                             + appeal(favourite category) + 0.5·drift·(x − ½)
 *   propensity         1 − exp(−s(x) · p(x) · days)      at least one purchase within the next `days`
 *
 * All of it leaves traces: `base` and `drift` in how many sessions there are and how recent they are; `focus`
 * and the favourite in the categories viewed; `priceSensitivity` in the prices picked and in what is taken out
 * of the cart; `intent` in how many products are viewed and carted. The time of day does not matter to buying.
 */
import { categories } from './catalogue.ts'
import { createRandom } from './random.ts'

export type UserTraits = {
  readonly userId: number
  /** Relative number of sessions; the mean over users is about 1. */
  readonly base: number
  /** −2…2: below 0 the user comes less and less often. */
  readonly drift: number
  /** Index into `categories`. */
  readonly favourite: number
  /** 0…1: share of views that go to the favourite category. */
  readonly focus: number
  /** 0…1 */
  readonly priceSensitivity: number
  /** About normal: how much more often than others the user means to buy. */
  readonly intent: number
  /** UTC hour at which they come most often. */
  readonly peakHour: number
  /** How many times as active on Saturday and Sunday as on other days; 0.5…2. */
  readonly weekendFactor: number
}

/** A user of one simulation, whose activity is in sessions a day. */
export type SimulatedUser = UserTraits & {
  /** Mean sessions per day at the middle of the span. */
  readonly sessionsPerDay: number
}

const activitySpread = 1.1
const hourConcentration = 2.2

/** Traits of a user; the same for the same seed and id. */
export function traitsOf(seed: number, userId: number): UserTraits {
  const random = createRandom(seed, 1, userId)
  const base = Math.exp(activitySpread * random.normal() - activitySpread ** 2 / 2)
  return {
    userId,
    base: Math.min(base, 40),
    drift: clamp(random.normal() * 0.9, -2, 2),
    favourite: random.int(categories.length),
    focus: 0.25 + 0.7 * random.next(),
    priceSensitivity: random.next(),
    intent: clamp(random.normal(), -2.5, 2.5),
    peakHour: 24 * random.next(),
    weekendFactor: Math.exp(clamp(0.35 * random.normal(), -0.69, 0.69)),
  }
}

/** Chance that one session of the user ends in a purchase; `x` is the position in the span, 0…1. */
export function sessionPurchaseProbability(user: UserTraits, x: number): number {
  const appeal = categories[user.favourite]?.appeal ?? 0
  const logOdds =
    -2.6 +
    1.1 * user.intent +
    1.6 * (user.focus - 0.5) -
    1.8 * (user.priceSensitivity - 0.5) +
    appeal +
    0.5 * user.drift * (x - 0.5)
  return 1 / (1 + Math.exp(-logOdds))
}

/**
 * Chance that the user buys at least once within `days` (default 30) of position `x` (default 1: the end of
 * the simulated span, so the future that a model is asked about). The rates at `x` are taken to go on.
 */
export function purchasePropensity(
  user: SimulatedUser,
  { days = 30, x = 1 }: { readonly days?: number; readonly x?: number } = {},
): number {
  const sessions = user.sessionsPerDay * driftFactor(user, x) * days
  return 1 - Math.exp(-sessions * sessionPurchaseProbability(user, x))
}

/** How many times the mean activity of the user position `x` sees. */
export function driftFactor(user: UserTraits, x: number): number {
  return Math.exp(user.drift * (x - 0.5))
}

/**
 * Times the mean activity that an hour of a day sees, 0…`maxRhythm`: each user has a favourite hour and a
 * habit about weekends.
 * @param dayOfWeek 0 = Sunday
 */
export function rhythm(user: UserTraits, hour: number, dayOfWeek: number): number {
  const angle = ((hour - user.peakHour) * Math.PI) / 12
  const ofDay = Math.exp(hourConcentration * (Math.cos(angle) - 1)) / meanOfDay
  const weekend = dayOfWeek === 0 || dayOfWeek === 6
  const ofWeek = (weekend ? user.weekendFactor : 1) / ((5 + 2 * user.weekendFactor) / 7)
  return ofDay * ofWeek
}

/** Mean of the hour curve over a day, so that the rhythm's own mean is 1. */
const meanOfDay = (() => {
  const steps = 240
  let sum = 0
  for (let step = 0; step < steps; step += 1) {
    sum += Math.exp(hourConcentration * (Math.cos((2 * Math.PI * step) / steps) - 1))
  }
  return sum / steps
})()

/** No hour of any user is busier than this many times their mean. */
export const maxRhythm = 1.6 / meanOfDay

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}
