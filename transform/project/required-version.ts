/**
 * `require-dbt-version`, judged by its intent: a project asks for a language, and Millrace runs that of dbt 1 and of
 * dbt 2, so any release of either that fits is enough.
 */

/** Releases whose language runs here: every minor one of dbt 1 with its last patches, and dbt 2.0. */
const releases = [
  ...Array.from({ length: 13 }, (_, minor) => [1, minor, 0]),
  ...Array.from({ length: 13 }, (_, minor) => [1, minor, 99]),
  [2, 0, 0],
  [2, 0, 99],
]

/** @param required such as `['>=1.6.0', '<2.0.0']`; what cannot be read is taken to be met */
export function acceptsDbt(required: readonly string[]): boolean {
  const rules = required.flatMap((text) => text.split(',')).map(readRule)
  return releases.some((release) => rules.every((fits) => fits(release)))
}

function readRule(text: string): (release: readonly number[]) => boolean {
  const found = /^\s*(>=|<=|>|<|==?|!=)?\s*v?(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(text)
  if (found === null) return () => true
  const [, operator = '=', major, minor, patch] = found
  const bound = [Number(major), Number(minor ?? 0), Number(patch ?? 0)]
  const isExact = patch !== undefined
  return (release) => {
    const order = compare(release, bound)
    switch (operator) {
      case '>=':
        return order >= 0
      case '<=':
        return order <= 0
      case '>':
        return order > 0
      case '<':
        return order < 0
      case '!=':
        return true
      default:
        // An exact release stands for its language, which all patches of a minor release share.
        return release[0] === bound[0] && (!isExact || release[1] === bound[1])
    }
  }
}

function compare(left: readonly number[], right: readonly number[]): number {
  const at = left.findIndex((part, index) => part !== right[index])
  return at === -1 ? 0 : (left[at] ?? 0) - (right[at] ?? 0)
}
