/** An empty project whose commands use the services of the test run. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LandingServices } from './landing.ts'
import { temporaryDirectory } from './temporary-directory.ts'

export type ExternalProject = {
  readonly projectDir: string
  /** For `runCli` and `startCli`. */
  readonly env: Readonly<Record<string, string>>
}

/** Makes the project, which goes away with the running test. */
export function externalProject({ brokers, s3 }: LandingServices): ExternalProject {
  const projectDir = temporaryDirectory()
  const file = 'name: t\ndefault_target: t\ntargets:\n  t: {}\n'
  writeFileSync(join(projectDir, 'millrace.yml'), file)
  const env = {
    MILLRACE_SERVICES: 'external',
    MILLRACE_KAFKA_BROKERS: brokers.join(','),
    MILLRACE_S3_ENDPOINT: s3.endpoint ?? '',
    MILLRACE_S3_REGION: s3.region,
    MILLRACE_S3_BUCKET: s3.bucket,
    MILLRACE_S3_ACCESS_KEY_ID: s3.accessKeyId ?? '',
    MILLRACE_S3_SECRET_ACCESS_KEY: s3.secretAccessKey ?? '',
    MILLRACE_S3_PATH_STYLE: String(s3.pathStyle),
    MILLRACE_STATE_DIR: join(projectDir, 'state'),
    MILLRACE_LOG_LEVEL: 'warn',
  }
  return { projectDir, env }
}
