/** A lake for commands that ask what is there: they make none. */
import { existsSync } from 'node:fs'
import type { LakeOptions } from '../core/clients/lake/attach.ts'
import type { Lake } from '../core/clients/lake.ts'
import type { Config } from '../core/config.ts'
import { findCause } from '../core/errors.ts'
import { problem } from '../core/problems.ts'
import { withoutPasswords } from '../core/redact.ts'
import { lakeOptionsOf, openConfiguredLake } from './context.ts'

/** @throws `cli/no-lake` where there is none, and what opening the lake throws */
export async function openStandingLake(
  config: Config,
  options: Pick<LakeOptions, 'readOnly' | 'at'> = {},
): Promise<Lake> {
  const { catalog } = await lakeOptionsOf(config)
  const where = catalog.kind === 'sqlite' ? catalog.path : withoutPasswords(catalog.url)
  if (catalog.kind === 'sqlite' && !existsSync(catalog.path)) {
    throw problem('cli/no-lake', { where })
  }
  try {
    return await openConfiguredLake(config, { ...options, mustExist: true })
  } catch (error) {
    const isMissing = ({ message }: Error) =>
      /^Invalid Input Error: Existing DuckLake/.test(message)
    if (findCause(error, isMissing) === undefined) throw error
    throw problem('cli/no-lake', { where }, { cause: error })
  }
}
