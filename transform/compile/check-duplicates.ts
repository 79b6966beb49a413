/** What is said or defined twice where dbt takes one: each name is one problem that names every place. */
import type { MillraceError } from '../../core/errors.ts'
import { type Position, problem } from '../../core/problems.ts'
import type { Project } from '../project/project.ts'
import { placeText } from '../project/text-position.ts'
import type { Drafts } from './draft-all.ts'
import type { GenericDraft } from './draft-tests.ts'
import type { MacroLibrary } from './macros.ts'

type Placed = { readonly name: string; readonly package: string; readonly at: Position }
type Existing = { readonly name: string; readonly package: string; readonly isEnabled: boolean }

/** Entries of schema files for one and the same thing; those of what is not there, or switched off, do no harm. */
export function findDoubleDescriptions(
  { project, library }: { readonly project: Project; readonly library: MacroLibrary },
  { models, snapshots, analyses, functions }: Drafts,
  seeds: readonly Existing[],
): MillraceError[] {
  const ofKind = (wanted: 'model' | 'seed') =>
    // Of a model with versions dbt takes the last entry.
    project.properties.filter(({ kind, versions }) => kind === wanted && versions.length === 0)
  const described = (what: string, entries: readonly Placed[], nodes: readonly Existing[]) => {
    const known = new Set(nodes.filter(({ isEnabled }) => isEnabled).map(nameKey))
    const found = entries.filter((entry) => known.has(nameKey(entry)))
    return findDoubles(found, nameKey, (name, places) =>
      problem('model/described-twice', { what, name, places: places.map(placeText) }, at(places)),
    )
  }
  const macros = [...library.packages].flatMap(([owner, named]) =>
    [...named.keys()].map((name) => ({ name, package: owner, isEnabled: true })),
  )
  return [
    ...described('model', ofKind('model'), models),
    ...described('seed', ofKind('seed'), seeds),
    ...described('snapshot', project.snapshotProperties, snapshots),
    ...described('analysis', project.analysisProperties, analyses),
    ...described('function', project.functionProperties, functions),
    ...described('macro', project.macroProperties, macros),
  ]
}

/** Things of one name that only schema files and Markdown define. */
export function findDoubleDefinitions(project: Project): MillraceError[] {
  const defined = <T extends Placed>(what: string, entries: readonly T[], key = nameKey<T>) =>
    findDoubles(entries, key, (name, places) =>
      problem('model/defined-twice', { what, name, places: places.map(placeText) }, at(places)),
    )
  const sources = project.sources.map((table) => {
    return { ...table, name: `${table.source}.${table.name}` }
  })
  const exposures = project.exposures.filter(({ config }) => config['enabled'] !== false)
  const unitTests = project.unitTests.filter(({ config }) => config['enabled'] !== false)
  return [
    ...defined('source table', sources),
    ...defined('docs block', project.docs),
    ...defined('exposure', exposures),
    ...defined('group', project.groups),
    ...defined('unit test', unitTests, (test) => `${nameKey(test)} ${test.model}`),
  ]
}

/** Data tests that are the same to the last argument: one would be kept for both. */
export function findDoubleTests(drafts: readonly GenericDraft[]): MillraceError[] {
  const tests = drafts
    .filter(({ isEnabled }) => isEnabled)
    .map((draft) => ({ ...draft, at: draft.declaration.at }))
  return findDoubles(
    tests,
    ({ id }) => id,
    (name, places) =>
      problem('model/test-twice', { test: name, places: places.map(placeText) }, at(places)),
  )
}

function findDoubles<T extends Placed>(
  items: readonly T[],
  keyOf: (item: T) => string,
  make: (name: string, places: readonly Position[]) => MillraceError,
): MillraceError[] {
  return [...Map.groupBy(items, keyOf).values()].flatMap((found) => {
    const [first, second] = found
    if (first === undefined || second === undefined) return []
    return [
      make(
        first.name,
        found.map((one) => one.at),
      ),
    ]
  })
}

function nameKey<T extends Pick<Placed, 'name' | 'package'>>({ package: owner, name }: T): string {
  return `${owner}.${name}`
}

/** The second place: the first one may well be meant. */
function at(places: readonly Position[]): { readonly at?: Position } {
  const place = places[1]
  return place === undefined ? {} : { at: place }
}
