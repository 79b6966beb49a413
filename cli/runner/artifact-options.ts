/** Where a command leaves what it found out: artifacts, compiled SQL, logs. */
import { join, resolve } from 'node:path'
import type { ArgumentsCamelCase, InferredOptionTypes, Options } from 'yargs'
import { type Environment, processEnvironment } from '../../core/config/environment.ts'
import type { Config } from '../../core/config.ts'
import type { Graph } from '../../transform/index.ts'

export const artifactOptions = {
  'target-path': {
    type: 'string',
    describe: 'Folder of artifacts (default: DBT_TARGET_PATH, then target-path of dbt_project.yml)',
    requiresArg: true,
  },
  'log-path': {
    type: 'string',
    describe: 'Folder of dbt.log and query_log.sql (default: DBT_LOG_PATH, then logs)',
    requiresArg: true,
  },
  'write-json': {
    type: 'boolean',
    default: true,
    describe: 'Write manifest.json, run_results.json and the like; not with --no-write-json',
  },
} as const satisfies Record<string, Options>

export type ArtifactArguments = Partial<
  Pick<
    ArgumentsCamelCase<InferredOptionTypes<typeof artifactOptions>>,
    'targetPath' | 'logPath' | 'writeJson'
  >
>

export type ArtifactFolders = {
  /** Of the artifacts, absolute. */
  readonly target: string
  /** The same as it stands in artifacts: relative to the project, unless it was given as absolute. */
  readonly targetPath: string
  readonly logs: string
  readonly writesJson: boolean
}

export function artifactFolders(
  { projectDir }: Pick<Config, 'projectDir'>,
  { targetPath: ofProject }: Pick<Graph, 'targetPath'>,
  args: ArtifactArguments,
  environment: Environment = processEnvironment,
): ArtifactFolders {
  const targetPath = args.targetPath ?? (environment['DBT_TARGET_PATH'] || ofProject)
  const logPath = args.logPath ?? (environment['DBT_LOG_PATH'] || 'logs')
  const switchedOff = /^(false|f|0|no|n|off)$/i.test(environment['DBT_WRITE_JSON'] ?? '')
  return {
    target: resolve(projectDir, targetPath),
    targetPath,
    logs: resolve(projectDir, logPath),
    writesJson: args.writeJson !== false && !switchedOff,
  }
}

/** The file of an artifact. */
export function artifactFile({ target }: ArtifactFolders, name: string): string {
  return join(target, name)
}
