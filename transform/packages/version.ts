/** Versions of packages: reading them, their order, and which one a set of bounds picks. */

export type Version = {
  readonly text: string
  readonly numbers: readonly [bigint, bigint, bigint]
  /** Empty for a release. */
  readonly prerelease: readonly string[]
}

export type Bound = {
  readonly operator: '=' | '>' | '>=' | '<' | '<='
  readonly version: Version
}

const number = '(0|[1-9]\\d*)'
const identifier = '(?:0|[1-9]\\d*|\\d*[a-zA-Z-][\\da-zA-Z-]*)'
const build = '(?:\\+[\\da-zA-Z-]*(?:\\.[\\da-zA-Z-]*)*)?'
const pattern = new RegExp(
  `^(>=|<=|>|<|=)?${number}\\.${number}\\.${number}(?:-?(${identifier}(?:\\.${identifier})*))?${build}$`,
)

/** A bound such as `>=1.2.0`; a bare version means exactly that one. Undefined when it cannot be read. */
export function parseBound(text: string): Bound | undefined {
  const found = pattern.exec(text)
  if (found === null) return undefined
  const [, operator = '=', major = '0', minor = '0', patch = '0', prerelease] = found
  return {
    operator: isOperator(operator) ? operator : '=',
    version: {
      text: text.replace(/^[<>=]+/, ''),
      numbers: [BigInt(major), BigInt(minor), BigInt(patch)],
      prerelease: prerelease?.split('.') ?? [],
    },
  }
}

function isOperator(text: string): text is Bound['operator'] {
  return ['=', '>', '>=', '<', '<='].includes(text)
}

export function parseVersion(text: string): Version | undefined {
  const bound = parseBound(text)
  return bound?.operator === '=' && !text.startsWith('=') ? bound.version : undefined
}

/** Negative, 0 or positive, in the order of semantic versioning; what follows `+` does not count. */
export function compareVersions(left: Version, right: Version): number {
  for (const index of [0, 1, 2] as const) {
    if (left.numbers[index] !== right.numbers[index]) {
      return left.numbers[index] < right.numbers[index] ? -1 : 1
    }
  }
  return comparePrereleases(left.prerelease, right.prerelease)
}

/** A release comes after its prereleases; numbers come before words. */
function comparePrereleases(left: readonly string[], right: readonly string[]): number {
  if (left.length === 0 || right.length === 0) return right.length - left.length
  for (const [index, mine] of left.entries()) {
    const other = right[index]
    if (other === undefined) return 1
    if (mine === other) continue
    const numeric = [mine, other].map((part) => /^\d+$/.test(part))
    if (numeric[0] !== numeric[1]) return numeric[0] ? -1 : 1
    const isLess = numeric[0] ? BigInt(mine) < BigInt(other) : mine < other
    return isLess ? -1 : 1
  }
  return left.length - right.length
}

/** Whether a version fits. `<2.0.0` keeps out 2.0.0-rc1 as well, which somebody who wants 1.x does not mean. */
export function fitsBound(version: Version, { operator, version: limit }: Bound): boolean {
  const order = compareVersions(version, limit)
  switch (operator) {
    case '=':
      return order === 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
    case '<':
      return order < 0 && !(limit.prerelease.length === 0 && isPrereleaseOf(version, limit))
    case '<=':
      return order <= 0
    default:
      return operator satisfies never
  }
}

function isPrereleaseOf(version: Version, release: Version): boolean {
  return (
    version.prerelease.length > 0 &&
    version.numbers.every((part, index) => part === release.numbers[index])
  )
}

/** The highest version that fits every bound, or undefined. */
export function chooseVersion(
  available: readonly Version[],
  bounds: readonly Bound[],
): Version | undefined {
  const fitting = available.filter((version) => bounds.every((bound) => fitsBound(version, bound)))
  return fitting.reduce<Version | undefined>(
    (best, next) => (best === undefined || compareVersions(next, best) > 0 ? next : best),
    undefined,
  )
}

/** Whether any version at all could fit: bounds that contradict each other are a conflict, not a gap in the hub. */
export function areCompatible(bounds: readonly Bound[]): boolean {
  const lower = bounds.filter(({ operator }) => operator.startsWith('>'))
  const upper = bounds.filter(({ operator }) => operator.startsWith('<'))
  const exact = bounds.filter(({ operator }) => operator === '=')
  const [first] = exact
  if (first !== undefined) return bounds.every((bound) => fitsBound(first.version, bound))
  return lower.every((low) => upper.every((high) => leavesRoom(low, high)))
}

function leavesRoom(low: Bound, high: Bound): boolean {
  const order = compareVersions(low.version, high.version)
  if (order !== 0) return order < 0
  return low.operator === '>=' && high.operator === '<='
}
