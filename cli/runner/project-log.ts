/** logs/dbt.log: what a command did, at every level, in the lines of dbt. */
import { join } from 'node:path'
import { type Environment, processEnvironment } from '../../core/config/environment.ts'
import type { Secret } from '../../core/secret.ts'
import { calledAs } from '../release.ts'
import type { ArtifactFolders } from './artifact-options.ts'
import { secretHider } from './hide-secrets.ts'
import { openLogFile } from './log-file.ts'

export type ProjectLog = {
  readonly line: (level: 'debug' | 'info' | 'warn' | 'error', text: string) => void
  /** Writes what waits; nothing is logged afterwards. */
  readonly close: () => void
}

type Started = {
  readonly invocationId: string
  readonly startedAt: string
  /** Of `--vars`. */
  readonly vars?: Readonly<Record<string, unknown>>
  /** Of the profile. */
  readonly hidden?: readonly Secret[]
}

/**
 * Opens the log with dbt's head of an invocation. What variables `DBT_ENV_SECRET…` hold, of the environment or of
 * `--vars`, and the secrets of a profile do not get into it.
 */
export function openProjectLog(
  { logs }: Pick<ArtifactFolders, 'logs'>,
  invocation: Started,
  argv: readonly string[] = process.argv.slice(2),
  environment: Environment = processEnvironment,
): ProjectLog {
  const file = openLogFile(join(logs, 'dbt.log'))
  const hide = secretHider(invocation, environment)
  const rule = '='.repeat(30)
  const line: ProjectLog['line'] = (level, text) => {
    // DuckDB and dbt count microseconds; the clock of this process is no finer than that of its log.
    const time = `${new Date().toISOString().slice(11, 23)}000`
    file.append(`${time} [${level.padEnd(5)}] [MainThread]: ${hide(text)}\n`)
  }
  file.append(
    `\n\n${rule} ${invocation.startedAt.slice(11, 23)}000 | ${invocation.invocationId} ${rule}\n`,
  )
  line('info', `Running with millrace: ${[calledAs(), ...argv].join(' ')}`)
  return { line, close: file.close }
}
