/** A project folder and its packages → plain data. Reads disk; everything after this works on what it returns. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { MillraceError } from '../../core/errors.ts'
import { readText } from './find-files.ts'
import { type Folder, loadFolder, loadSettings } from './load-folder.ts'
import { fillInputMeasures } from './metric-inputs.ts'
import { findPackages } from './packages.ts'
import type { Project, ProjectSettings, Resources } from './project.ts'
import { deprecationWarnings, emptyReport, type Report } from './report.ts'
import { joinSchemaFiles } from './schema-file.ts'
import { readSelectors } from './selectors-file.ts'
import { overrideSources } from './source-overrides.ts'
import { parseYamlFile } from './yaml-file.ts'
import { YamlNode } from './yaml-node.ts'

/**
 * Reads a project with the packages that it names or that stand in its packages folder. What is wrong is listed in
 * `problems` and `warnings`, all of it, and reading goes on.
 * @throws `model/project-not-found`, `model/not-yaml` when dbt_project.yml itself cannot be read
 */
export async function loadProject(directory: string): Promise<Project> {
  const root = resolve(directory)
  const report = emptyReport()
  const own = await loadFolder({ root, base: root, shown: root }, report)
  const packages = await findPackages(root, own.settings, report)
  const resources = joinFolders([own, ...packages], report)
  const selectors = optionalYaml(root, 'selectors.yml', report)
  return {
    root,
    settings: withVars(own.settings, optionalYaml(root, 'vars.yml', report)),
    packages: packages.map(({ settings }) => settings),
    ...resources,
    selectors: selectors === undefined ? [] : readSelectors(selectors),
    problems: report.problems,
    warnings: [...report.warnings, ...deprecationWarnings(report)],
  }
}

/**
 * Reads dbt_project.yml and nothing else.
 * @returns its settings as they are written, and what is wrong with them
 * @throws `model/project-not-found`, `model/not-yaml`
 */
export async function loadProjectSettings(directory: string) {
  const root = resolve(directory)
  const report = emptyReport()
  const settings = await loadSettings({ root, base: root, shown: root }, report)
  return { settings, problems: report.problems }
}

function optionalYaml(root: string, file: string, report: Report): YamlNode | undefined {
  const absolutePath = join(root, file)
  if (!existsSync(absolutePath)) return undefined
  try {
    return YamlNode.root(parseYamlFile(file, readText({ file, absolutePath }, report)), report)
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    report.problems.push(error)
    return undefined
  }
}

/** Variables stand in `vars.yml` or in dbt_project.yml, never in both. */
function withVars(settings: ProjectSettings, file: YamlNode | undefined): ProjectSettings {
  const vars = file?.object('vars') ?? {}
  if (Object.keys(vars).length === 0) return settings
  if (Object.keys(settings.vars).length > 0) {
    file?.child('vars').wrong('are also in dbt_project.yml: keep them in one of the two files')
  }
  return { ...settings, vars }
}

function joinFolders(folders: readonly Folder[], report: Report): Resources {
  const { sourceEntries, sources, ...described } = joinSchemaFiles(folders)
  return {
    ...described,
    metrics: fillInputMeasures(described.metrics),
    sources: overrideSources(sources, sourceEntries, report),
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
  }
}
