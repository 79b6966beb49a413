/**
 * A registrar as a process of its own, for tests that kill it: rounds without a pause until it is killed.
 * Ends with the exit code of what it met.
 */
import { openDuckdb } from '../../../../core/clients/duckdb.ts'
import type { LakeOptions } from '../../../../core/clients/lake/attach.ts'
import { openLake } from '../../../../core/clients/lake.ts'
import { openS3, type S3Options } from '../../../../core/clients/s3.ts'
import { userActivitySchema } from '../../../../core/contracts/user-activity.ts'
import { MillraceError } from '../../../../core/errors.ts'
import { registerAll } from '../../../../ingest/registrar/register.ts'
import { extensionDirectory } from '../../../support/extension-directory.ts'

export type RegistrarProcessOptions = {
  readonly lake: LakeOptions
  readonly s3: S3Options
  readonly topic: string
  readonly maxRecords: number
}

async function main(text: string): Promise<number> {
  // Our own tests wrote it.
  const options = JSON.parse(text) as RegistrarProcessOptions
  try {
    const lake = await openLake(await openDuckdb({ extensionDirectory }), options.lake)
    const store = openS3({ ...options.s3, maxAttempts: 2 })
    process.stdout.write('ready\n')
    for (;;) {
      const { topics } = await registerAll(
        { lake, store, schemaOf: () => userActivitySchema },
        { topics: [options.topic], maxRecords: options.maxRecords },
      )
      for (const { records } of topics) process.stdout.write(`registered ${records}\n`)
    }
  } catch (error) {
    process.stderr.write(`${error}\n`)
    return error instanceof MillraceError ? error.exitCode : 70
  }
}

process.exit(await main(process.argv[2] ?? ''))
