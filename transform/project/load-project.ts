/** A project folder → plain data. Reads disk; everything after this works on what it returns. */
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { MillraceError, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { Project, ProjectSettings, SeedFile, SqlFile } from './project.ts'
import { readProjectSettings } from './project-settings.ts'
import { emptyReport, type Report } from './report.ts'
import { readSchemaFile, type SchemaFile } from './schema-file.ts'
import { parseYamlFile } from './yaml-file.ts'
import { YamlNode } from './yaml-node.ts'

const projectFile = 'dbt_project.yml'

/**
 * Reads a project. What is wrong in it is listed in `problems` and `warnings`, all of it, and reading goes on.
 * @throws `model/project-not-found`, `model/not-yaml` when dbt_project.yml itself cannot be read
 */
export async function loadProject(directory: string): Promise<Project> {
  const root = resolve(directory)
  const report = emptyReport()
  const settings = await loadSettings(root, directory, report)
  const [models, macros, tests, seeds, schemas] = await Promise.all([
    loadSqlFiles(root, settings, settings.modelPaths, report),
    loadSqlFiles(root, settings, macroFolders(settings), report),
    loadSqlFiles(root, settings, settings.testPaths, report),
    findSeeds(root, settings),
    loadSchemaFiles(root, settings, report),
  ])
  return {
    root,
    settings,
    models,
    seeds,
    macros,
    tests: tests.filter(({ folders }) => folders[0] !== 'generic'),
    properties: schemas.flatMap(({ properties }) => properties),
    sources: schemas.flatMap(({ sources }) => sources),
    problems: report.problems,
    warnings: report.warnings,
  }
}

/** Generic tests of the project's own are written as macros, in `<test-path>/generic`. */
function macroFolders(settings: ProjectSettings): string[] {
  return [...settings.macroPaths, ...settings.testPaths.map((folder) => `${folder}/generic`)]
}

async function loadSettings(
  root: string,
  directory: string,
  report: Report,
): Promise<ProjectSettings> {
  const text = await readFile(join(root, projectFile), 'utf8').catch((cause: unknown) => {
    throw problem('model/project-not-found', { directory }, { cause })
  })
  return readProjectSettings(YamlNode.root(parseYamlFile(projectFile, text), report))
}

async function loadSqlFiles(
  root: string,
  settings: ProjectSettings,
  folders: readonly string[],
  report: Report,
): Promise<SqlFile[]> {
  const found = await findFiles(root, folders, /\.sql$/)
  const files = found.map(async ({ file, below }) => {
    const text = await readText(root, file, report)
    return { ...describeFile(file, below, settings, '.sql'), text }
  })
  return Promise.all(files)
}

async function findSeeds(root: string, settings: ProjectSettings): Promise<SeedFile[]> {
  const found = await findFiles(root, settings.seedPaths, /\.csv$/)
  return found.map(({ file, below }) => ({
    ...describeFile(file, below, settings, '.csv'),
    absolutePath: join(root, file),
  }))
}

function describeFile(file: string, below: string, settings: ProjectSettings, extension: string) {
  const folder = dirname(below)
  return {
    name: basename(file, extension),
    package: settings.name,
    file,
    folders: folder === '.' ? [] : folder.split('/'),
  }
}

async function loadSchemaFiles(
  root: string,
  settings: ProjectSettings,
  report: Report,
): Promise<SchemaFile[]> {
  const folders = [...settings.modelPaths, ...settings.seedPaths, ...settings.testPaths]
  const found = await findFiles(root, folders, /\.ya?ml$/)
  const files = found.map(async ({ file }) => {
    const text = await readText(root, file, report)
    try {
      return readSchemaFile(YamlNode.root(parseYamlFile(file, text), report), settings.name)
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      report.problems.push(error)
      return { properties: [], sources: [] }
    }
  })
  return Promise.all(files)
}

async function readText(root: string, file: string, report: Report): Promise<string> {
  try {
    return await readFile(join(root, file), 'utf8')
  } catch (cause) {
    const reason = messageOf(cause)
    report.problems.push(problem('model/unreadable', { reason }, { cause, at: { file } }))
    return ''
  }
}

type FoundFile = {
  /** Relative to the project. */
  readonly file: string
  /** Relative to the folder it was looked for in. */
  readonly below: string
}

/** Files under the folders whose name fits, sorted, so that every machine sees the same order. */
async function findFiles(
  root: string,
  folders: readonly string[],
  pattern: RegExp,
): Promise<FoundFile[]> {
  const lists = folders.map(async (folder) => {
    const start = join(root, folder)
    const entries = await readdir(start, { withFileTypes: true, recursive: true }).catch(() => [])
    return entries
      .filter((entry) => entry.isFile() && pattern.test(entry.name) && !entry.name.startsWith('.'))
      .map((entry) => {
        const path = join(entry.parentPath, entry.name)
        return { file: posix(relative(root, path)), below: posix(relative(start, path)) }
      })
  })
  const all = (await Promise.all(lists)).flat()
  return all.sort((left, right) => (left.file < right.file ? -1 : 1))
}

function posix(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/')
}
