/** One folder with a `dbt_project.yml`: the project itself or a package. */
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { findFiles, type Place, readText } from './find-files.ts'
import type { DocsBlock, ProjectSettings, Resources, SeedFile, SqlFile } from './project.ts'
import { readProjectSettings } from './project-settings.ts'
import type { Report } from './report.ts'
import { emptySchemaFile, readSchemaFile, type SchemaFile } from './schema-file.ts'
import { parseYamlFile } from './yaml-file.ts'
import { YamlNode } from './yaml-node.ts'

const projectFile = 'dbt_project.yml'

export type Folder = Resources & { readonly settings: ProjectSettings }

/** @throws `model/project-not-found`, `model/not-yaml` when dbt_project.yml itself cannot be read */
export async function loadFolder(place: Place, report: Report): Promise<Folder> {
  const settings = await loadSettings(place, report)
  const [models, macros, tests, seeds, schemas, docs] = await Promise.all([
    loadSqlFiles(place, settings, settings.modelPaths, report),
    loadSqlFiles(place, settings, macroFolders(settings), report),
    loadSqlFiles(place, settings, settings.testPaths, report),
    findSeeds(place, settings),
    loadSchemaFiles(place, settings, report),
    loadDocs(place, settings, report),
  ])
  return {
    settings,
    ...none,
    models,
    seeds,
    docs,
    macros,
    tests: tests.filter(({ folders }) => folders[0] !== 'generic'),
    properties: schemas.flatMap(({ properties }) => properties),
    groups: schemas.flatMap(({ groups }) => groups),
    references: schemas.flatMap(({ references }) => references),
    sources: schemas.flatMap(({ sources }) => sources),
  }
}

const none = {
  pythonModels: [],
  snapshots: [],
  analyses: [],
  functions: [],
  fixtures: [],
  snapshotProperties: [],
  analysisProperties: [],
  functionProperties: [],
  testProperties: [],
  macroProperties: [],
  exposures: [],
  unitTests: [],
  metrics: [],
  semanticModels: [],
  savedQueries: [],
}

/** Generic tests of the project's own are written as macros, in `<test-path>/generic`. */
function macroFolders(settings: ProjectSettings): string[] {
  return [...settings.macroPaths, ...settings.testPaths.map((folder) => `${folder}/generic`)]
}

async function loadSettings({ root, base, shown }: Place, report: Report) {
  const path = join(base, projectFile)
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw problem('model/project-not-found', { directory: shown }, { cause })
  })
  return readProjectSettings(YamlNode.root(parseYamlFile(relative(root, path), text), report))
}

async function loadSqlFiles(
  place: Place,
  settings: ProjectSettings,
  folders: readonly string[],
  report: Report,
): Promise<SqlFile[]> {
  const found = await findFiles(place, folders, /\.sql$/)
  return await Promise.all(
    found.map(async ({ absolutePath, ...file }) => {
      const text = await readText({ ...file, absolutePath }, report)
      return { ...file, package: settings.name, text }
    }),
  )
}

async function findSeeds(place: Place, settings: ProjectSettings): Promise<SeedFile[]> {
  const found = await findFiles(place, settings.seedPaths, /\.csv$/)
  return found.map((file) => ({ ...file, package: settings.name }))
}

async function loadDocs(
  place: Place,
  { name: owner, docsPaths }: ProjectSettings,
  report: Report,
): Promise<DocsBlock[]> {
  const found = await findFiles(place, docsPaths, /\.md$/)
  const files = found.map(async (file) => {
    const text = await readText(file, report)
    const blocks = text.matchAll(/\{%-?\s*docs\s+(\w+)\s*-?%\}([\s\S]*?)\{%-?\s*enddocs\s*-?%\}/g)
    return [...blocks].map(([, name = '', body = '']) => ({
      package: owner,
      name,
      text: body.trim(),
      file: file.file,
      path: [...file.folders, file.file.split('/').at(-1)].join('/'),
    }))
  })
  return (await Promise.all(files)).flat()
}

async function loadSchemaFiles(
  place: Place,
  settings: ProjectSettings,
  report: Report,
): Promise<SchemaFile[]> {
  const folders = [...settings.modelPaths, ...settings.seedPaths, ...settings.testPaths]
  const found = await findFiles(place, folders, /\.ya?ml$/)
  const files = found.map(async (file) => {
    const text = await readText(file, report)
    try {
      const node = YamlNode.root(parseYamlFile(file.file, text), report)
      return readSchemaFile(node, { package: settings.name, folders: file.folders })
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      report.problems.push(error)
      return emptySchemaFile
    }
  })
  return await Promise.all(files)
}
