/**
 * Compiles every fixture and compares it with what real dbt made of it. `make conformance` records dbt anew;
 * here its recordings are enough, so no Python runs.
 */
import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isDbtCompatibilityCurrent } from '../../docs/dbt-compatibility.ts'
import { compareRecordings, type Difference } from './compare.ts'
import { explain, knownDifferences } from './differences.ts'
import { type Feature, features } from './features.ts'
import { type Fixture, readFixtures } from './fixtures.ts'
import { compileFixture } from './ours.ts'
import { readRecording } from './recording.ts'

const fixtures = readFixtures()
const compared = new Map<string, Promise<Difference[]>>()

/** Compiles a fixture once, whoever asks. */
function differencesOf(fixture: Fixture): Promise<Difference[]> {
  const known = compared.get(fixture.name)
  if (known !== undefined) return known
  const made = compileFixture(fixture).then((ours) =>
    compareRecordings(fixture.name, readRecording(fixture.name), ours),
  )
  compared.set(fixture.name, made)
  return made
}

async function idsFoundIn(names: readonly string[]): Promise<Set<string>> {
  const chosen = fixtures.filter(({ name }) => names.includes(name))
  const found = (await Promise.all(chosen.map(differencesOf))).flat()
  return new Set(found.flatMap((difference) => explain(difference)?.id ?? []))
}

describe('a project that dbt compiles', () => {
  it.each(fixtures)('is the same here: $name', async (fixture) => {
    const unlisted = (await differencesOf(fixture)).filter((found) => explain(found) === undefined)
    expect(unlisted).toEqual([])
  })
})

describe('the list of differences', () => {
  it('holds none that is gone', async () => {
    const found = await idsFoundIn(fixtures.map(({ name }) => name))
    const gone = knownDifferences.filter(({ id }) => !found.has(id))
    expect(gone).toEqual([])
  })

  it('is told whole by the feature table', () => {
    const told = new Set(features.flatMap((feature) => feature.differences ?? []))
    expect(knownDifferences.map(({ id }) => id).filter((id) => !told.has(id))).toEqual([])
  })
})

describe('the feature table', () => {
  const shown = features.filter((feature) => feature.fixtures !== undefined)

  it.each(shown)('tells the truth about: $feature', async (feature: Feature) => {
    const names = feature.fixtures ?? []
    expect(names.filter((name) => !fixtures.some((fixture) => fixture.name === name))).toEqual([])
    const found = await idsFoundIn(names)
    const named = new Set(feature.differences ?? [])
    const untold = [...found].filter((id) => !named.has(id))
    if (feature.state === 'yes') expect([...found]).toEqual([])
    else expect(untold).toEqual([])
  })

  it('has a proof for what works, and a word about what does not', () => {
    const isProved = ({ fixtures = [], tests = [] }: Feature) => fixtures.length + tests.length > 0
    const bare = features.filter((feature) =>
      feature.state === 'yes' ? !isProved(feature) : !feature.remark && !feature.differences,
    )
    expect(bare).toEqual([])
    const files = features.flatMap((feature) => feature.tests ?? [])
    expect(files.filter((file) => !existsSync(file))).toEqual([])
  })

  it('is what docs/reference/dbt-compatibility.md says; otherwise run `make docs`', () => {
    expect(isDbtCompatibilityCurrent()).toBe(true)
  })

  it('puts every fixture in a row', () => {
    const placed = new Set(features.flatMap((feature) => feature.fixtures ?? []))
    expect(fixtures.map(({ name }) => name).filter((name) => !placed.has(name))).toEqual([])
  })
})
