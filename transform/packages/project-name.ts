/** What `deps` needs of a dbt_project.yml. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { problem } from '../../core/problems.ts'
import type { RenderText } from './read-entry.ts'
import { readYamlValues, type YamlMap } from './yaml-values.ts'

/**
 * The project that packages are installed for: its name, and where they go, relative to it.
 * @throws `model/project-not-found`, `model/not-yaml`, `packages/no-project`, and what rendering throws
 */
export async function readDepsProject(
  folder: string,
  render: RenderText,
): Promise<{ readonly project: string; readonly packagesPath: string }> {
  const values = await readProjectFile(folder, 'dbt_project.yml')
  if (values === undefined) throw problem('model/project-not-found', { directory: folder })
  const path = values['packages-install-path'] ?? 'dbt_packages'
  const project = checkedName(String(values['name'] ?? ''), 'this project')
  return { project, packagesPath: render(String(path)) }
}

/** The name of the project in a folder, which is the name of the package. @throws `packages/no-project`, `model/not-yaml` */
export async function readProjectName(folder: string, shown: string): Promise<string> {
  const values = await readProjectFile(folder, `${shown}/dbt_project.yml`)
  if (values !== undefined) return checkedName(String(values['name'] ?? ''), shown)
  throw problem('packages/no-project', { package: shown, reason: 'it has no dbt_project.yml' })
}

async function readProjectFile(folder: string, shown: string): Promise<YamlMap | undefined> {
  const text = await readFile(join(folder, 'dbt_project.yml'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : readYamlValues(shown, text).value
}

/** The name becomes that of a folder. @throws `packages/no-project` */
export function checkedName(name: string, shown: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return name
  const reason = `its project is called ${JSON.stringify(name)}; a name has letters, digits and _`
  throw problem('packages/no-project', { package: shown, reason })
}
