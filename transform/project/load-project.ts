/** A project folder and its packages → plain data. Reads disk; everything after this works on what it returns. */
import { resolve } from 'node:path'
import { loadFolder } from './load-folder.ts'
import { findPackages } from './packages.ts'
import type { Project, Resources } from './project.ts'
import { deprecationWarnings, emptyReport } from './report.ts'

/**
 * Reads a project with the packages that it names or that stand in its packages folder. What is wrong is listed in
 * `problems` and `warnings`, all of it, and reading goes on.
 * @throws `model/project-not-found`, `model/not-yaml` when dbt_project.yml itself cannot be read
 */
export async function loadProject(directory: string): Promise<Project> {
  const root = resolve(directory)
  const report = emptyReport()
  const own = await loadFolder({ root, base: root, shown: directory }, report)
  const packages = await findPackages(root, own.settings, report)
  const folders = [own, ...packages]
  return {
    root,
    settings: own.settings,
    packages: packages.map(({ settings }) => settings),
    ...joinResources(folders),
    selectors: [],
    problems: report.problems,
    warnings: [...report.warnings, ...deprecationWarnings(report)],
  }
}

function joinResources(folders: readonly Resources[]): Resources {
  return {
    models: folders.flatMap(({ models }) => models),
    pythonModels: folders.flatMap(({ pythonModels }) => pythonModels),
    seeds: folders.flatMap(({ seeds }) => seeds),
    snapshots: folders.flatMap(({ snapshots }) => snapshots),
    analyses: folders.flatMap(({ analyses }) => analyses),
    functions: folders.flatMap(({ functions }) => functions),
    macros: folders.flatMap(({ macros }) => macros),
    tests: folders.flatMap(({ tests }) => tests),
    fixtures: folders.flatMap(({ fixtures }) => fixtures),
    docs: folders.flatMap(({ docs }) => docs),
    properties: folders.flatMap(({ properties }) => properties),
    snapshotProperties: folders.flatMap(({ snapshotProperties }) => snapshotProperties),
    analysisProperties: folders.flatMap(({ analysisProperties }) => analysisProperties),
    functionProperties: folders.flatMap(({ functionProperties }) => functionProperties),
    testProperties: folders.flatMap(({ testProperties }) => testProperties),
    macroProperties: folders.flatMap(({ macroProperties }) => macroProperties),
    sources: folders.flatMap(({ sources }) => sources),
    groups: folders.flatMap(({ groups }) => groups),
    exposures: folders.flatMap(({ exposures }) => exposures),
    unitTests: folders.flatMap(({ unitTests }) => unitTests),
    metrics: folders.flatMap(({ metrics }) => metrics),
    semanticModels: folders.flatMap(({ semanticModels }) => semanticModels),
    savedQueries: folders.flatMap(({ savedQueries }) => savedQueries),
    references: folders.flatMap(({ references }) => references),
  }
}
