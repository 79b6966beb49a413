/** One folder with a `dbt_project.yml`: the project itself or a package. */
import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { type FindFiles, fileFinder, type Place, readText } from './find-files.ts'
import { ignoreRules } from './ignored-files.ts'
import { loadFiles } from './load-files.ts'
import type { ProjectSettings, Resources } from './project.ts'
import { readProjectSettings } from './project-settings.ts'
import type { Report } from './report.ts'
import { joinSchemaFiles, readSchemaFile, type SchemaFile } from './schema-file.ts'
import type { SourceEntry } from './source-overrides.ts'
import { encodingProblem } from './utf8.ts'
import { isObject, parseYamlFile } from './yaml-file.ts'
import { YamlNode } from './yaml-node.ts'

const projectFile = 'dbt_project.yml'

export type Folder = Resources & {
  readonly settings: ProjectSettings
  readonly sourceEntries: readonly SourceEntry[]
}

/** @throws `model/project-not-found`, `model/not-utf8`, `model/not-yaml` when dbt_project.yml itself cannot be read */
export async function loadFolder(place: Place, report: Report): Promise<Folder> {
  const settings = await loadSettings(place, report)
  const find = fileFinder(place, readIgnored(place))
  const files = loadFiles(find, settings, report)
  return { settings, ...files, ...joinSchemaFiles(loadSchemaFiles(find, settings, report)) }
}

/** dbt_project.yml alone. @throws as `loadFolder` */
export async function loadSettings({ root, base, shown }: Place, report: Report) {
  const path = join(base, projectFile)
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw problem('model/project-not-found', { directory: shown }, { cause })
  })
  const file = relative(root, path)
  const wrong = encodingProblem(file, path, text)
  if (wrong !== undefined) throw wrong
  return readProjectSettings(YamlNode.root(parseYamlFile(file, text), report))
}

function readIgnored({ base }: Place): (path: string) => boolean {
  const path = join(base, '.dbtignore')
  return ignoreRules(existsSync(path) ? readFileSync(path, 'utf8') : '')
}

/** Schema files lie anywhere among the resources. */
function loadSchemaFiles(find: FindFiles, settings: ProjectSettings, report: Report): SchemaFile[] {
  const folders = [
    ...settings.modelPaths,
    ...settings.seedPaths,
    ...settings.snapshotPaths,
    ...settings.analysisPaths,
    ...settings.macroPaths,
    ...settings.testPaths,
    ...settings.functionPaths,
  ]
  return find(folders, /\.ya?ml$/).flatMap((file) => {
    try {
      const yaml = parseYamlFile(file.file, readText(file, report))
      if (!isObject(yaml.value)) {
        const reason = 'it must be a map, such as models: and a list'
        throw problem('model/not-yaml', { reason }, { at: { file: file.file } })
      }
      return [
        readSchemaFile(YamlNode.root(yaml, report), {
          package: settings.name,
          folders: file.folders,
        }),
      ]
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      report.problems.push(error)
      return []
    }
  })
}
