import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  areCompatible,
  type Bound,
  chooseVersion,
  compareVersions,
  fitsBound,
  parseBound,
  parseVersion,
  type Version,
} from '../../../../transform/packages/version.ts'

const operators = ['', '=', '>', '>=', '<', '<=']
const tags = ['', '-alpha', '-alpha.1', '-alpha.beta', '-beta.2', '-beta.11', '-rc.1', '-1']
const small = fc.integer({ min: 0, max: 2 })
const versionText = fc
  .tuple(small, small, small, fc.constantFrom(...tags))
  .map(([major, minor, patch, tag]) => `${major}.${minor}.${patch}${tag}`)
const boundText = fc
  .tuple(fc.constantFrom(...operators), versionText)
  .map(([operator, version]) => operator + version)

function version(text: string): Version {
  const found = parseVersion(text)
  if (found === undefined) throw new Error(`${text} is no version`)
  return found
}

function bound(text: string): Bound {
  const found = parseBound(text)
  if (found === undefined) throw new Error(`${text} is no bound`)
  return found
}

const choose = (available: readonly string[], bounds: readonly string[]) =>
  chooseVersion(available.map(version), bounds.map(bound))?.text

/** Every version of the little universe, in order, made by counting and not by comparing. */
const universe = [0, 1, 2].flatMap((major) =>
  [0, 1, 2].flatMap((minor) =>
    [0, 1, 2].flatMap((patch) =>
      ['-1', '-alpha', '-alpha.1', '-alpha.beta', '-beta.2', '-beta.11', '-rc.1', ''].map(
        (tag) => `${major}.${minor}.${patch}${tag}`,
      ),
    ),
  ),
)

/** What a bound means, read off the universe's order. */
function fitsByCounting(text: string, candidate: string): boolean {
  const [, operator = '', limit = ''] = /^([<>=]*)(.*)$/.exec(text) ?? []
  const order = universe.indexOf(candidate) - universe.indexOf(limit)
  const sameRelease = candidate.split('-')[0] === limit
  if (operator === '<') return order < 0 && !sameRelease
  if (operator === '<=') return order <= 0
  if (operator === '>') return order > 0
  if (operator === '>=') return order >= 0
  return order === 0
}

describe('choosing a version', () => {
  it('picks what trying all versions in order would pick', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(versionText, { maxLength: 12 }),
        fc.array(boundText, { maxLength: 4 }),
        (available, bounds) => {
          const fitting = universe.filter(
            (text) => available.includes(text) && bounds.every((one) => fitsByCounting(one, text)),
          )
          expect(choose(available, bounds)).toBe(fitting.at(-1))
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('calls bounds a conflict only when no version anywhere fits them', () => {
    fc.assert(
      fc.property(fc.array(boundText, { minLength: 1, maxLength: 4 }), (texts) => {
        const bounds = texts.map(bound)
        const some = universe.some((text) => bounds.every((one) => fitsBound(version(text), one)))
        if (some) expect(areCompatible(bounds)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
    expect(areCompatible(['>=1.0.0', '<1.0.0'].map(bound))).toBe(false)
    expect(areCompatible(['>1.0.0', '<=1.0.0'].map(bound))).toBe(false)
    expect(areCompatible(['=1.0.0', '2.0.0'].map(bound))).toBe(false)
    expect(areCompatible(['>=1.0.0', '<=1.0.0'].map(bound))).toBe(true)
  })

  it('keeps prereleases of a limit out, which `<` of a later prerelease admits', () => {
    const available = ['1.9.0', '2.0.0-rc1', '2.0.0-rc2']
    expect(choose(available, ['<2.0.0'])).toBe('1.9.0')
    expect(choose(available, ['<2.0.0-rc2'])).toBe('2.0.0-rc1')
    expect(choose(available, ['<=2.0.0'])).toBe('2.0.0-rc2')
  })
})

describe('a version', () => {
  it('stands where semantic versioning puts it', () => {
    const shuffled = [...universe].sort()
    expect(
      shuffled
        .map(version)
        .sort(compareVersions)
        .map(({ text }) => text),
    ).toEqual(universe)
    expect(compareVersions(version('1.0.0+a'), version('1.0.0+b'))).toBe(0)
  })

  it('is read as dbt reads it', () => {
    expect(parseBound('1.0.0rc1')?.version.prerelease).toEqual(['rc1'])
    const wrong = ['', '1', '1.0', 'v1.0.0', '01.0.0', '==1.0.0', '~1.0.0', '>= 1.0.0']
    expect(wrong.filter((text) => parseBound(text) !== undefined)).toEqual([])
    expect(parseVersion('=1.0.0')).toBeUndefined()
  })
})
