/** Node's HTTP server: how long it waits for callers, and how it ends. */
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { ApiResponse } from './api-response.ts'
import type { OnClientError } from './client-error.ts'

/** Milliseconds; a socket that takes longer is closed, for slow senders must not hold it. */
export type Timeouts = {
  /** From the first byte of a request to the end of its headers. */
  readonly headersMs: number
  /** From there to the end of the body as well. */
  readonly requestMs: number
  /** How often it is looked for them; what is allowed above may take so much longer. */
  readonly checkMs: number
  /** A connection that asks nothing is kept so long. */
  readonly idleMs: number
}

/**
 * A balancer keeps its connections for 60 s (AWS, nginx). If they ended here before, a request could come upon one that
 * is just closed, and its caller would get a 502.
 */
const defaultTimeouts: Timeouts = {
  headersMs: 10_000,
  requestMs: 30_000,
  checkMs: 2000,
  idleMs: 75_000,
}

/**
 * Connections that the system keeps for a process which is busy. When there is no room it drops them, and who asks
 * comes again after one, three, seven seconds: much later than a refusal. The system's own limit is often this one.
 */
const backlog = 4096

/** Opens the port. @returns it, also when it was 0 @throws `api/port-taken`, `api/cannot-listen` */
export async function listenOn(
  listener: RequestListener,
  options: {
    readonly host: string
    readonly port: number
    readonly timeouts?: Timeouts
    /** Default: Node's, a bare status line. */
    readonly onClientError?: OnClientError
  },
): Promise<{ readonly server: Server; readonly port: number }> {
  const { host, port, timeouts = defaultTimeouts } = options
  const limits: ServerOptions = {
    headersTimeout: timeouts.headersMs,
    requestTimeout: timeouts.requestMs,
    connectionsCheckingInterval: timeouts.checkMs, // Node's own default is 30 s
    keepAliveTimeout: timeouts.idleMs, // 5 s
    requireHostHeader: false, // the listener refuses it, with problem details
    ServerResponse: ApiResponse,
  }
  const server = createServer(limits, listener)
  server.on('checkExpectation', listener) // Node's own answer is a bare 417
  if (options.onClientError !== undefined) server.on('clientError', options.onClientError)
  return await new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = messageOf(cause)
      reject(
        cause.code === 'EADDRINUSE'
          ? problem('api/port-taken', { host, port }, { cause })
          : problem('api/cannot-listen', { host, port, reason }, { cause }),
      )
    })
    server.listen({ port, host, backlog }, () => {
      const address = server.address()
      const taken = typeof address === 'object' && address !== null ? address.port : port
      resolve({ server, port: taken })
    })
  })
}

export type DrainOptions = {
  /** Told first, so that /readyz says 503 and nobody sends more. */
  readonly onStopping: () => void
  /** Milliseconds between that and the closing of the port. */
  readonly delayMs: number
  /** Milliseconds that running requests are given from then on. */
  readonly drainMs: number
  readonly clock: Clock
}

/** Stops taking connections at the signal; resolves when the last request has been answered or cut off. */
export async function drainOnAbort(
  server: Server,
  signal: AbortSignal,
  { onStopping, delayMs, drainMs, clock }: DrainOptions,
): Promise<void> {
  await aborted(signal)
  onStopping()
  // Whoever is answered from now on leaves, and does not ask again on a connection that is about to be closed.
  server.prependListener('request', (_, response) => response.setHeader('connection', 'close'))
  if (delayMs > 0) await clock.sleep(delayMs)
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
