/** Every file of a project that holds templates, drafted; what is said twice or of nobody is reported. */
import type { MillraceError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import { pythonDrafts } from './draft-python.ts'
import {
  analysisSources,
  functionSources,
  hookSources,
  modelSources,
  singularTestSources,
  snapshotSources,
} from './draft-sources.ts'
import { type Compilation, type DraftSource, draftSql } from './drafts.ts'
import { findVersions } from './versions.ts'

export type Drafts = ReturnType<typeof draftAll>

export function draftAll(compilation: Compilation) {
  const { project, problems } = compilation
  const versions = findVersions(project)
  problems.push(...versions.problems)
  const drafted = <T extends DraftSource>(sources: readonly T[]) =>
    sources
      .flatMap((source) => {
        const draft = draftSql(compilation, source)
        return draft === undefined ? [] : [{ ...source, ...draft }]
      })
      // Of two with one id, one of which is disabled, the other is found by it.
      .sort((left, right) => Number(left.isEnabled) - Number(right.isEnabled))
  return {
    models: [
      ...drafted(modelSources(compilation, versions)),
      ...pythonDrafts(compilation, versions),
    ],
    snapshots: drafted(snapshotSources(compilation)),
    analyses: drafted(analysisSources(compilation)),
    functions: drafted(functionSources(compilation)),
    operations: drafted(hookSources(compilation)),
    tests: drafted(singularTestSources(compilation)),
  }
}

type Drafted = { readonly file: string; readonly isEnabled: boolean }

/** Names that are given twice in a package; a file that is disabled gives none. */
export function findDuplicateNames(
  { models, pythonModels, seeds, tests, snapshots }: Compilation['project'],
  drafts: readonly Drafted[],
): MillraceError[] {
  const off = new Set(drafts.flatMap(({ file, isEnabled }) => (isEnabled ? [] : [file])))
  const isOn = ({ file }: { readonly file: string }) => !off.has(file)
  return [
    ...findDuplicates([...models, ...pythonModels, ...seeds].filter(isOn)),
    ...findDuplicates(tests.filter(isOn)),
    ...findDuplicates(snapshots),
  ]
}

function findDuplicates(
  files: readonly { name: string; file: string; package: string }[],
): MillraceError[] {
  const byName = Map.groupBy(files, (file) => `${file.package}.${file.name}`)
  return [...byName.values()].flatMap((found) => {
    const name = found[0]?.name ?? ''
    if (found.length < 2) return []
    const paths = found.map(({ file }) => file)
    return [
      problem('model/duplicate-name', { name, files: paths }, { at: { file: paths[1] ?? '' } }),
    ]
  })
}

/** Entries of schema files that describe nothing. */
export function warnOrphanProperties({ project, warnings }: Compilation): void {
  const names = {
    model: new Set([...project.models, ...project.pythonModels].map(({ name }) => name)),
    seed: new Set(project.seeds.map(({ name }) => name)),
  }
  for (const { kind, name, package: owner, versions, at } of project.properties) {
    if (owner !== project.settings.name || names[kind].has(name) || versions.length > 0) continue
    const parameters = { kind, name, nearest: nearest(name, names[kind]) }
    warnings.push(problem('model/unknown-subject', parameters, { at }))
  }
}
