/** The API on a port: opened after its endpoints were checked, closed after its last answer. */
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { describePostgres } from '../core/clients/describe-postgres.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { problem } from '../core/problems.ts'
import type { Settings } from '../core/settings.ts'
import { type AdHocOptions, openAdHoc } from './ad-hoc/open-ad-hoc.ts'
import { createApi } from './create-api.ts'
import { openPostgresSource } from './sources/postgres-source.ts'
import { checkEndpoints } from './sql-endpoint/check-endpoints.ts'
import { loadEndpoints } from './sql-endpoint/load-endpoints.ts'
import { openTableService } from './tables/service.ts'

export type ServeOptions = {
  /** The folder above `api/endpoints`. */
  readonly projectDir: string
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly postgresUrl: string
  /** PostgreSQL schema of the published tables. */
  readonly schema: string
  /** `api.*` of the settings. */
  readonly settings: Settings['api']
  /** Undefined: no SQL of callers is run. */
  readonly adHoc?: AdHocOptions | undefined
  readonly log: Log
  readonly clock?: Clock
  /** Milliseconds that running requests are given at the end. Default 10,000. */
  readonly drainMs?: number
}

export type ServedApi = {
  /** `http://127.0.0.1:8080` */
  readonly url: string
  readonly port: number
  /** The paths of the endpoints, sorted by name. */
  readonly paths: readonly string[]
  /** Resolves when the signal came and the last request has been answered. */
  readonly finished: Promise<void>
}

/**
 * Checks the endpoints against the database, then listens until the signal aborts.
 * @returns as soon as it listens
 * @throws `api/no-endpoints`, `api/broken-endpoint`, `api/not-built`, `publish/postgres-unreachable`,
 *   `publish/login-refused`, `api/port-taken`, `api/cannot-listen`
 */
export async function serveApi(options: ServeOptions, signal: AbortSignal): Promise<ServedApi> {
  const { log, clock = systemClock, postgresUrl } = options
  const endpoints = await loadEndpoints(options.projectDir)
  const { schema } = options
  const adHoc = options.adHoc && (await openAdHoc(options.adHoc, log, clock))
  const postgres = openPostgresSource({ url: postgresUrl, schema })
  const tables = openTableService({
    url: postgresUrl,
    schema,
    source: postgres,
    log,
    settings: options.settings,
  })
  const closeAll = async () => {
    await Promise.all([postgres.close(), tables.exports.close(), adHoc?.pool.close()])
  }
  try {
    await checkEndpoints(endpoints, postgres, describePostgres(postgresUrl))
    await tables.catalog.reload()
    const ping = () => postgres.query({ text: 'select 1::text', values: [], timeoutMs: 2000 })
    const checks = { postgres: ping }
    const app = createApi({ endpoints, postgres, tables, adHoc, checks, log, clock })
    const server = createServer(app.fetch)
    const port = await listen(server, options.host, options.port)
    log.info({ event: 'api.listening', host: options.host, port, endpoints: endpoints.length })
    const finished = drainOnAbort(server, signal, options.drainMs ?? 10_000, clock).finally(
      closeAll,
    )
    const host = options.host.includes(':') ? `[${options.host}]` : options.host
    const paths = endpoints.map(({ header }) => header.path)
    return { url: `http://${host}:${port}`, port, paths, finished }
  } catch (error) {
    await closeAll()
    throw error
  }
}

function createServer(fetch: (request: Request) => Response | Promise<Response>): Server {
  // A request without a body is read within a second or never; slow senders must not hold sockets.
  const serverOptions = { headersTimeout: 10_000, requestTimeout: 30_000 }
  // Without a `createServer` of our own it is node:http's Server.
  return createAdaptorServer({ fetch, serverOptions }) as Server
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = messageOf(cause)
      reject(
        cause.code === 'EADDRINUSE'
          ? problem('api/port-taken', { host, port }, { cause })
          : problem('api/cannot-listen', { host, port, reason }, { cause }),
      )
    })
    server.listen(port, host, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

/** Stops taking connections at the signal; running requests get `drainMs`, then their sockets are closed. */
async function drainOnAbort(
  server: Server,
  signal: AbortSignal,
  drainMs: number,
  clock: Clock,
): Promise<void> {
  await aborted(signal)
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  const deadline = clock.now() + drainMs
  let open = true
  void closed.then(() => {
    open = false
  })
  while (open) {
    // A connection that was busy when close() was called stays open for its next request otherwise.
    server.closeIdleConnections()
    if (clock.now() > deadline) server.closeAllConnections()
    await Promise.race([closed, clock.sleep(50)])
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
