/** A landing consumer as a process of its own, to be killed. Its options come as one JSON argument. */
import { randomUUID } from 'node:crypto'
import { openDuckdb } from '../../../core/clients/duckdb.ts'
import { openS3, type S3Options } from '../../../core/clients/s3.ts'
import { systemClock } from '../../../core/clock.ts'
import { userActivitySchema } from '../../../core/contracts/user-activity.ts'
import { MillraceError, messageOf } from '../../../core/errors.ts'
import { openLog } from '../../../core/log.ts'
import { runLanding } from '../../../ingest/landing/land.ts'
import { makeNonce } from '../../../ingest/landing/nonce.ts'
import type { LandingOptions, LandingStore } from '../../../ingest/landing/options.ts'

export type ConsumerArguments = {
  readonly s3: S3Options
  readonly landing: Omit<LandingOptions, 'schema'>
  /** Writes claims without the condition and believes that they were written: what a test must catch. */
  readonly crippled: boolean
}

export type ConsumerMessage =
  /** Whether partitions are being landed, and how many claims were made. */
  | { readonly kind: 'progress'; readonly landing: boolean; readonly entries: number }
  /** It stops itself now, a moment before it claims this key; SIGCONT lets it go on. */
  | { readonly kind: 'freezing'; readonly key: string }
  /** The claim it was frozen before has been answered. */
  | { readonly kind: 'claimed' }

/** Sent by the parent: freeze before the next claim. */
export type FreezeRequest = 'freeze'

async function main(): Promise<number> {
  const argument = JSON.parse(process.argv[2] ?? '{}') as ConsumerArguments // written by our parent
  const stop = new AbortController()
  process.on('SIGTERM', () => stop.abort())
  const store = openS3({ ...argument.s3, maxAttempts: 2, requestTimeoutMs: 5_000 })
  const directory = argument.landing.tempDirectory
  await using duckdb = await openDuckdb({
    extensionDirectory: directory,
    tempDirectory: directory,
    threads: 2,
  })
  const report = await runLanding(
    { ...argument.landing, schema: userActivitySchema },
    {
      store: freezable(argument.crippled ? withoutCondition(store) : store),
      duckdb,
      log: openLog('info'),
      clock: systemClock,
      makeNonce: () => makeNonce(Date.now(), randomUUID().replaceAll('-', '')),
      onProgress: ({ partitions, entries }) => {
        const landing = partitions.some(({ state }) => state !== 'recovering')
        void tell({ kind: 'progress', landing, entries })
      },
    },
    stop.signal,
  )
  process.stderr.write(`${JSON.stringify(report)}\n`)
  store.close()
  return 0
}

function tell(message: ConsumerMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve()
    else process.send(message, () => resolve())
  })
}

const isClaim = (key: string) => /\/p=\d+\//.test(key)

function freezable(store: LandingStore): LandingStore {
  let asked = false
  process.on('message', (message: FreezeRequest) => {
    asked = message === 'freeze'
  })
  return {
    ...store,
    putIfAbsent: async (key, body, contentType) => {
      if (!asked || !isClaim(key)) return await store.putIfAbsent(key, body, contentType)
      asked = false
      await tell({ kind: 'freezing', key })
      process.kill(process.pid, 'SIGSTOP')
      try {
        return await store.putIfAbsent(key, body, contentType)
      } finally {
        await tell({ kind: 'claimed' })
      }
    },
  }
}

function withoutCondition(store: LandingStore): LandingStore {
  return {
    ...store,
    putIfAbsent: async (key, body, contentType) => {
      // The self-test at the start and the epoch's record are not what is crippled.
      if (!isClaim(key)) return await store.putIfAbsent(key, body, contentType)
      return { kind: 'written', etag: await store.put(key, body, contentType) }
    },
  }
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
