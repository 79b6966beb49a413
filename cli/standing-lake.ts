/** A lake for commands that ask what is there: they make none. */
import { existsSync } from 'node:fs'
import type { LakeOptions } from '../core/clients/lake/attach.ts'
import type { Lake } from '../core/clients/lake.ts'
import type { Config } from '../core/config.ts'
import { problem } from '../core/problems.ts'
import { lakeOptionsOf, openConfiguredLake } from './context.ts'

/** @throws `cli/no-lake` where its catalog would be a file that is not there, and what opening the lake throws */
export async function openStandingLake(
  config: Config,
  options: Pick<LakeOptions, 'readOnly'> = {},
): Promise<Lake> {
  const { catalog } = await lakeOptionsOf(config)
  if (catalog.kind === 'sqlite' && !existsSync(catalog.path)) {
    throw problem('cli/no-lake', { where: catalog.path })
  }
  return await openConfiguredLake(config, options)
}
