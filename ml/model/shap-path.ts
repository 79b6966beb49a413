/**
 * The path of TreeSHAP: the features that split on the way to a node, and for each number of them that are known how
 * much all orders of getting to know them weigh together. A path of n features has n + 1 places; place 0 is nobody's.
 * The paths of all levels above the current node lie one after the other in the same arrays.
 *
 * Every step is rounded to 32 bits in the order in which XGBoost 3.0 rounds: in 64 bits the sums of 200 trees would be
 * truer, and up to 2e-6 away from what the endpoint answers.
 */
export type Path = {
  readonly features: Int32Array
  /** The share of training rows that goes on when the feature is left out. */
  readonly zeros: Float32Array
  /** 1 when the row itself goes on, else 0. */
  readonly ones: Float32Array
  readonly weights: Float32Array
}

/** The split that is about to be put on a path. */
export type PathStep = { readonly feature: number; readonly zero: number; readonly one: number }

const f32 = Math.fround

/** Room for the paths of a tree of this depth. */
export function newPath(depth: number): Path {
  const size = ((depth + 1) * (depth + 2)) / 2
  return {
    features: new Int32Array(size),
    zeros: new Float32Array(size),
    ones: new Float32Array(size),
    weights: new Float32Array(size),
  }
}

/** Copies the `length` places that end at `start` behind themselves, and puts one place more there. */
export function extendPath(path: Path, start: number, length: number, step: PathStep): void {
  const { features, zeros, ones, weights } = path
  for (let to = start; to < start + length; to++) {
    const from = to - length
    features[to] = features[from] ?? 0
    zeros[to] = zeros[from] ?? 0
    ones[to] = ones[from] ?? 0
    weights[to] = weights[from] ?? 0
  }
  const end = start + length
  features[end] = step.feature
  zeros[end] = step.zero
  ones[end] = step.one
  weights[end] = length === 0 ? 1 : 0
  for (let place = length - 1; place >= 0; place--) {
    const at = start + place
    const weight = weights[at] ?? 0
    const known = f32(f32(f32(step.one * weight) * (place + 1)) / (length + 1))
    weights[at + 1] = (weights[at + 1] ?? 0) + known
    weights[at] = f32(f32(step.zero * weight) * (length - place)) / (length + 1)
  }
}

/** Where a feature is on the path that ends at `last`; 0 when it is not. */
export function placeOf(path: Path, start: number, last: number, feature: number): number {
  let place = last
  while (place > 0 && path.features[start + place] !== feature) place -= 1
  return place
}

/** Takes one place out, as if its feature had never split. */
export function unwindPath(path: Path, start: number, last: number, taken: number): void {
  const { features, zeros, ones, weights } = path
  const zero = zeros[start + taken] ?? 0
  const one = ones[start + taken] ?? 0
  let next = weights[start + last] ?? 0
  for (let place = last - 1; place >= 0; place--) {
    const weight = weights[start + place] ?? 0
    if (one !== 0) {
      const without = f32(f32(next * (last + 1)) / (place + 1))
      weights[start + place] = without
      next = f32(weight - f32(f32(f32(without * zero) * (last - place)) / (last + 1)))
    } else {
      // A way that neither the row nor any training row goes weighs nothing.
      const divisor = f32(zero * (last - place))
      weights[start + place] = divisor === 0 ? 0 : f32(weight * (last + 1)) / divisor
    }
  }
  for (let to = start + taken; to < start + last; to++) {
    features[to] = features[to + 1] ?? 0
    zeros[to] = zeros[to + 1] ?? 0
    ones[to] = ones[to + 1] ?? 0
  }
}

/** The last place that weighs something: there is one more for each feature by which the row goes on. */
export function topOf({ weights }: Path, start: number, last: number): number {
  let place = last
  while (place > 0 && weights[start + place] === 0) place -= 1
  return place
}

/** The sum of the weights if one place were taken out; what lies above the top adds nothing to it. */
export function weightWithout(
  path: Path,
  { start, last, top }: { readonly start: number; readonly last: number; readonly top: number },
  taken: number,
): number {
  const zero = path.zeros[start + taken] ?? 0
  if ((path.ones[start + taken] ?? 0) !== 0)
    return weightOfGoing(path.weights, start, last, top, zero)
  if (zero === 0) return 0
  let total = 0
  for (let place = Math.min(top, last - 1); place >= 0; place--) {
    const share = f32((last - place) / (last + 1))
    total = f32(total + f32(f32((path.weights[start + place] ?? 0) / zero) / share))
  }
  return total
}

function weightOfGoing(
  weights: Float32Array,
  start: number,
  last: number,
  top: number,
  zero: number,
): number {
  let next = weights[start + top] ?? 0
  let total = 0
  for (let place = top - 1; place >= 0; place--) {
    const share = f32((last - place) / (last + 1))
    const without = f32(f32(next * (last + 1)) / (place + 1))
    total = f32(total + without)
    next = f32((weights[start + place] ?? 0) - f32(f32(without * zero) * share))
  }
  return total
}
