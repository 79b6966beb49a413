/** A registrar as a process of its own, to be killed: the loop of `millrace register --loop`. */
import { openDuckdb } from '../../../core/clients/duckdb.ts'
import type { LakeOptions } from '../../../core/clients/lake/attach.ts'
import { openLake } from '../../../core/clients/lake.ts'
import { openS3, type S3Options } from '../../../core/clients/s3.ts'
import { userActivitySchema } from '../../../core/contracts/user-activity.ts'
import { MillraceError, messageOf } from '../../../core/errors.ts'
import { openLog } from '../../../core/log.ts'
import { registerLoop } from '../../../ingest/registrar/loop.ts'
import { extensionDirectory } from '../extension-directory.ts'

export type RegistrarArguments = {
  readonly lake: LakeOptions
  readonly s3: S3Options
  readonly topic: string
  readonly maxRecords: number
  readonly intervalMs: number
}

/** Sent to the parent after each round: records and dead letters that this process has registered. */
export type RegistrarMessage = { readonly registered: number }

async function main(): Promise<number> {
  const argument = JSON.parse(process.argv[2] ?? '{}') as RegistrarArguments // written by our parent
  const stop = new AbortController()
  process.on('SIGTERM', () => stop.abort())
  const store = openS3({ ...argument.s3, maxAttempts: 2, requestTimeoutMs: 5_000 })
  await using lake = await openLake(await openDuckdb({ extensionDirectory }), argument.lake)
  let registered = 0
  await registerLoop(
    { lake, store, schemaOf: () => userActivitySchema, log: openLog('info') },
    {
      topics: [argument.topic],
      maxRecords: argument.maxRecords,
      intervalMs: argument.intervalMs,
      signal: stop.signal,
      onRound: ({ topics }) => {
        for (const { records, deadLetters } of topics) registered += records + deadLetters
        process.send?.({ registered } satisfies RegistrarMessage)
      },
    },
  )
  store.close()
  return 0
}

// Also when the test that started us was killed.
process.once('disconnect', () => process.exit())

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${error instanceof MillraceError ? error.code : ''} ${messageOf(error)}\n`)
  process.exitCode = error instanceof MillraceError ? error.exitCode : 70
}
process.disconnect?.()
