/** The name of the project in a folder, which is the name of the package. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { problem } from '../../core/problems.ts'
import { readYamlValues } from './yaml-values.ts'

/** @throws `packages/no-project`, `model/not-yaml` */
export async function readProjectName(folder: string, shown: string): Promise<string> {
  const text = await readFile(join(folder, 'dbt_project.yml'), 'utf8').catch((cause: unknown) => {
    const parameters = { package: shown, reason: 'it has no dbt_project.yml' }
    throw problem('packages/no-project', parameters, { cause })
  })
  const { value } = readYamlValues(`${shown}/dbt_project.yml`, text)
  return checkedName(String(value['name'] ?? ''), shown)
}

/** The name becomes that of a folder. @throws `packages/no-project` */
export function checkedName(name: string, shown: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return name
  const reason = `its project is called ${JSON.stringify(name)}; a name has letters, digits and _`
  throw problem('packages/no-project', { package: shown, reason })
}
