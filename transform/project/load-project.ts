/** A project folder and its packages → plain data. Reads disk; everything after this works on what it returns. */
import { resolve } from 'node:path'
import { loadFolder } from './load-folder.ts'
import { findPackages } from './packages.ts'
import type { Project } from './project.ts'
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
    models: folders.flatMap(({ models }) => models),
    seeds: folders.flatMap(({ seeds }) => seeds),
    macros: folders.flatMap(({ macros }) => macros),
    tests: folders.flatMap(({ tests }) => tests),
    properties: folders.flatMap(({ properties }) => properties),
    docs: folders.flatMap(({ docs }) => docs),
    groups: folders.flatMap(({ groups }) => groups),
    references: folders.flatMap(({ references }) => references),
    sources: folders.flatMap(({ sources }) => sources),
    problems: report.problems,
    warnings: [...report.warnings, ...deprecationWarnings(report)],
  }
}
