/** From margins to probabilities that come true as often as they say; what was fitted stands in serving.json. */
import type { Calibration } from './model-files.ts'

/** The probability of a margin (log-odds). */
export function calibrate(calibration: Calibration, margin: number): number {
  switch (calibration.kind) {
    case 'none':
      return sigmoid(margin)
    case 'platt':
      return sigmoid(calibration.a * margin + calibration.b)
    case 'isotonic':
      return interpolate(calibration.x, calibration.y, margin)
    default:
      return calibration satisfies never
  }
}

function sigmoid(margin: number): number {
  return 1 / (1 + Math.exp(-margin))
}

/** Straight lines between the points, level beyond the first and the last, as NumPy's `interp` computes them. */
function interpolate(xs: readonly number[], ys: readonly number[], x: number): number {
  const above = firstAbove(xs, x)
  const [x0, y0] = [xs[above - 1], ys[above - 1]]
  const [x1, y1] = [xs[above], ys[above]]
  if (x0 === undefined || y0 === undefined) return y1 ?? Number.NaN
  if (x1 === undefined || y1 === undefined) return y0
  return ((y1 - y0) / (x1 - x0)) * (x - x0) + y0
}

/** The first place whose value is greater than x; `xs.length` when none is. */
function firstAbove(xs: readonly number[], x: number): number {
  let low = 0
  let high = xs.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((xs[middle] ?? x) > x) high = middle
    else low = middle + 1
  }
  return low
}
