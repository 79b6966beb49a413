/** Which variant, and which of its instances, gets a request. */
import { Refusal } from '../api/refusal.ts'
import type { Variant } from './fleet.ts'
import type { Instance } from './instance.ts'

/**
 * Divides requests by weight, evenly over time and not by chance: each variant gains its weight a request, the
 * richest takes the request and pays for it. The state hangs on the variants.
 */
const credits = new WeakMap<Variant, number>()

/** @throws a `ValidationError` when there is no such variant, or none has a weight */
export function chooseVariant(variants: readonly Variant[], target: string | undefined): Variant {
  if (target !== undefined) {
    const found = variants.find(({ name }) => name === target)
    if (found === undefined)
      throw new Refusal('ValidationError', `Variant ${target} not found for Request.`)
    return found
  }
  const total = variants.reduce((sum, { weight }) => sum + weight, 0)
  for (const variant of variants) credits.set(variant, (credits.get(variant) ?? 0) + variant.weight)
  const richest = variants
    .filter(({ weight }) => weight > 0)
    .reduce<Variant | undefined>(
      (best, each) => (creditOf(each) > creditOf(best) ? each : best),
      undefined,
    )
  if (richest === undefined)
    throw new Refusal('ValidationError', 'No production variant has a weight above 0.')
  credits.set(richest, creditOf(richest) - total)
  return richest
}

function creditOf(variant: Variant | undefined): number {
  return variant === undefined ? Number.NEGATIVE_INFINITY : (credits.get(variant) ?? 0)
}

/** The healthy instance with the fewest requests; undefined when none is. */
export function chooseInstance({ instances }: Pick<Variant, 'instances'>): Instance | undefined {
  return instances
    .filter((each) => each.isHealthy())
    .reduce<Instance | undefined>(
      (best, each) => (best === undefined || each.inFlight < best.inFlight ? each : best),
      undefined,
    )
}
