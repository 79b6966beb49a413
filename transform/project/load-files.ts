/** Files that are read as they are: SQL, Python, CSV, and the blocks of snapshots and docs. */
import { statSync } from 'node:fs'
import { problem } from '../../core/problems.ts'
import { type FindFiles, type FoundFile, readText } from './find-files.ts'
import type { ProjectSettings } from './project.ts'
import type {
  DocsBlock,
  Fixture,
  FunctionFile,
  ProjectFiles,
  PythonFile,
  SeedFile,
  SnapshotBlock,
  SqlFile,
} from './project-files.ts'
import type { Config } from './project-properties.ts'
import { readPythonCalls } from './python-calls.ts'
import { noteDeprecated, type Report } from './report.ts'
import { findBlocks } from './template-blocks.ts'

const plainSql = /\.sql$/
const anySql = /\.sql(?:\.(?:j2|jinja2?))?$/

/** The files of one project or package, by what they are. */
export function loadFiles(
  find: FindFiles,
  settings: ProjectSettings,
  report: Report,
): ProjectFiles {
  const { name: owner, testPaths, flags } = settings
  const sql = flags['allow_jinja_file_extensions'] === true ? anySql : plainSql
  const checked = (found: FoundFile[]) => {
    for (const file of found) checkName(file, flags, report)
    return found
  }
  const withText = ({ absolutePath, ...file }: FoundFile): SqlFile => {
    const text = readText({ file: file.file, absolutePath }, report)
    return { ...file, package: owner, text }
  }
  const read = (folders: readonly string[], pattern = sql) =>
    checked(find(folders, pattern)).map(withText)
  const below = (folder: string) => testPaths.map((path) => `${path}/${folder}`)
  // What lies in the folders of generic tests and of fixtures is no test by itself.
  const isTest = ({ folders }: FoundFile) => !['generic', 'fixtures'].includes(folders[0] ?? '')
  return {
    models: read(settings.modelPaths),
    pythonModels: read(settings.modelPaths, /\.py$/).map((file) => toPythonFile(file, report)),
    seeds: checked(find(settings.seedPaths, /\.csv$/)).map(
      (file): SeedFile => ({ ...file, package: owner, text: seedText(file, report) }),
    ),
    snapshots: read(settings.snapshotPaths).flatMap((file) => toSnapshots(file, report)),
    analyses: read(settings.analysisPaths),
    functions: read(settings.functionPaths, new RegExp(`${sql.source}|\\.(?:py|js)$`)).map(
      toFunction,
    ),
    // Generic tests of the project's own are written as macros.
    macros: read([...settings.macroPaths, ...below('generic')]),
    tests: find(testPaths, sql).filter(isTest).map(withText),
    fixtures: read(below('fixtures'), new RegExp(`${sql.source}|\\.csv$`)).map(toFixture),
    docs: read(settings.docsPaths, /\.md$/).flatMap((file) => toDocs(file, report)),
  }
}

const maxHashedBytes = 1024 * 1024

function seedText(file: FoundFile, report: Report): string | undefined {
  const { size } = statSync(file.absolutePath, { throwIfNoEntry: false }) ?? { size: 0 }
  return size > maxHashedBytes ? undefined : readText(file, report)
}

/** Names with spaces are an error, as they are for dbt, unless its flag makes them a warning. */
function checkName({ name, file }: FoundFile, flags: Config, report: Report): void {
  if (!name.includes(' ')) return
  if (flags['require_resource_names_without_spaces'] === false) {
    noteDeprecated(report, 'ResourceNamesWithSpacesDeprecation', { file })
  } else {
    const reason = 'must have no spaces in its name'
    report.problems.push(
      problem('model/invalid-property', { path: file, reason }, { at: { file } }),
    )
  }
}

function toPythonFile(file: SqlFile, report: Report): PythonFile {
  return { ...file, calls: readPythonCalls(file.file, file.text, report) }
}

function toSnapshots(file: SqlFile, report: Report): SnapshotBlock[] {
  return findBlocks(file.file, file.text, 'snapshot', report).map(({ name, body, at }) => ({
    ...file,
    name,
    fileName: file.name,
    fileText: file.text,
    text: body,
    at,
  }))
}

function toFunction(file: SqlFile): FunctionFile {
  const endings = { '.py': 'python', '.js': 'javascript' } as const
  const ending = file.file.endsWith('.py') ? '.py' : file.file.endsWith('.js') ? '.js' : undefined
  return { ...file, language: ending === undefined ? 'sql' : endings[ending] }
}

function toFixture(file: SqlFile): Fixture {
  return { ...file, format: file.file.endsWith('.csv') ? 'csv' : 'sql' }
}

function toDocs(file: SqlFile, report: Report): DocsBlock[] {
  const path = [...file.folders, file.file.split('/').at(-1) ?? ''].join('/')
  return findBlocks(file.file, file.text, 'docs', report).map(({ name, body, at }) => ({
    package: file.package,
    name,
    text: body,
    file: file.file,
    at,
    path,
  }))
}
