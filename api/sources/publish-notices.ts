/** Hears of every publish, by a connection of its own that comes back when PostgreSQL does. */
import { openPostgres } from '../../core/clients/postgres.ts'
import type { Clock } from '../../core/clock.ts'
import { publishedChannel } from '../../core/contracts/published-table.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'

export type PublishNoticesOptions = {
  readonly url: string
  /** Publishes into other schemas are not told. */
  readonly schema: string
  readonly onPublish: () => void
  readonly log: Log
  readonly clock: Pick<Clock, 'sleep'>
}

export type PublishNotices = { close(): Promise<void> }

const retryMs = 1000

/** Listens until it is closed; `onPublish` is also called when it listens again, because it may have missed one. */
export function listenForPublishes(options: PublishNoticesOptions): PublishNotices {
  const { schema, onPublish, log, clock } = options
  const pool = openPostgres({
    url: options.url,
    maxConnections: 1,
    applicationName: 'millrace-api-notices',
  })
  const closing = new AbortController()

  async function listen(): Promise<void> {
    const client = await pool.connect()
    const lost = new Promise<void>((resolve) => {
      client.once('end', resolve)
      client.once('error', () => resolve())
      closing.signal.addEventListener('abort', () => resolve(), { once: true })
      // It may have been closed while it connected.
      if (closing.signal.aborted) resolve()
    })
    client.on('notification', ({ payload }) => {
      if (payload === schema) onPublish()
    })
    try {
      await client.query(`listen ${publishedChannel}`)
      onPublish()
      await lost
    } finally {
      client.release(true)
    }
  }

  const running = (async () => {
    while (!closing.signal.aborted) {
      try {
        await listen()
      } catch (error) {
        log.debug({ event: 'publish-notices.failed', reason: messageOf(error) })
      }
      // Sleeping ends early when it is closed.
      await clock.sleep(retryMs, closing.signal).catch(() => {})
    }
  })()
  return {
    async close() {
      closing.abort()
      await running
      await pool.end()
    },
  }
}
