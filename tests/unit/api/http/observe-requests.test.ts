import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import type { ApiEnvironment } from '../../../../api/http/environment.ts'
import { createApiMetrics } from '../../../../api/http/metrics.ts'
import { addMetricsRoute, metricsForLoopback } from '../../../../api/http/metrics-route.ts'
import { observeRequests } from '../../../../api/http/observe-requests.ts'
import { problemResponse } from '../../../../api/http/problem-response.ts'
import { createSpanExporter } from '../../../../api/http/span-exporter.ts'
import { createTracer, parseTraceparent, type Span } from '../../../../api/http/tracer.ts'
import { systemClock } from '../../../../core/clock.ts'
import { problem } from '../../../../core/problems.ts'
import { silentLog } from '../../../../core/silent-log.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const parentId = '00f067aa0ba902b7'

function observedApp(options: { readonly logShare?: number; readonly roles?: string[] } = {}) {
  const lines: Record<string, unknown>[] = []
  const spans: Span[] = []
  const metrics = createApiMetrics()
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const tracer = createTracer(
    (span) => void spans.push(span),
    () => 5n,
  )
  const app = new Hono<ApiEnvironment>()
  const { logShare = 1, roles = ['metrics'] } = options
  app.use(observeRequests({ log, clock: systemClock, metrics, tracer, logShare }))
  app.use('/metrics', metricsForLoopback(metrics))
  app.use((context, next) => {
    context.set('requestId', 'r1')
    const mine = context.req.header('x-role')
    context.set('principal', {
      kind: 'key',
      id: 'mlr_abc',
      roles: new Set(mine === undefined ? [] : [mine]),
      seesPersonalData: false,
    })
    return next()
  })
  app.get('/users/:id', (context) => context.text('hello'))
  app.get('/down', () => {
    throw problem('api/database-unavailable', {})
  })
  app.get('/broken', () => {
    throw new Error('secret')
  })
  app.get(
    '/endless',
    () => new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(9)) })),
  )
  addMetricsRoute(app, metrics, roles)
  app.onError((error, context) => problemResponse(context, error))
  app.notFound((context) => problemResponse(context, problem('api/not-found', { path: '' })))
  return { app, lines, spans, metrics }
}

async function serving(app: Hono<ApiEnvironment>, work: (url: string) => Promise<void>) {
  const server = createServer(getRequestListener((request, env) => app.fetch(request, env)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // A server that listens on a port has one.
  try {
    await work(`http://127.0.0.1:${port}`)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

describe('a request that is observed', () => {
  it('is a log line of route, status, bytes and caller, without its query string', async () => {
    const { app, lines } = observedApp()
    await serving(app, async (url) => {
      await (await fetch(`${url}/users/7?token=geheim`)).text()
      await expect.poll(() => lines.length).toBe(1)
    })
    expect(lines[0]).toMatchObject({
      level: 30,
      event: 'request.finished',
      request_id: 'r1',
      method: 'GET',
      path: '/users/7',
      route: '/users/:id',
      status: 200,
      principal: 'mlr_abc',
    })
    expect(lines[0]?.['bytes']).toBeGreaterThan(5)
    expect(JSON.stringify(lines)).not.toContain('geheim')
  })

  it('is a warning when something is down, an error when it is our fault, and names the problem', async () => {
    const { app, lines } = observedApp({ logShare: 0 })
    await app.request('/users/7')
    await app.request('/down')
    await app.request('/broken')
    expect(lines).toMatchObject([
      { level: 40, status: 503, code: 'api/database-unavailable' },
      { level: 50, status: 500, code: 'api/internal' },
    ])
    expect(JSON.stringify(lines)).not.toContain('secret')
  })

  it('that the client leaves is told as such, and counted as 499', async () => {
    const { app, lines, metrics } = observedApp()
    await serving(app, async (url) => {
      const leaving = new AbortController()
      const answer = await fetch(`${url}/endless`, { signal: leaving.signal })
      await answer.body?.getReader().read()
      leaving.abort()
      await expect.poll(() => lines.length).toBe(1)
    })
    expect(lines[0]).toMatchObject({ level: 30, event: 'request.disconnected', status: 499 })
    expect(await metrics.text()).toContain(
      'http_requests_total{route="/endless",method="GET",status="499"} 1',
    )
  })

  it('is counted by its route and never by what the caller wrote', async () => {
    const { app, metrics } = observedApp()
    await app.request('/users/1')
    await app.request('/users/2')
    await app.request('/nowhere/at-all')
    await app.request('/users/1', { method: 'BREW' })
    await app.request('/down')
    const text = await metrics.text()
    expect(text).toContain('http_requests_total{route="/users/:id",method="GET",status="200"} 2')
    expect(text).toContain('http_requests_total{route="unmatched",method="GET",status="404"} 1')
    expect(text).toContain('http_requests_total{route="unmatched",method="other",status="404"} 1')
    expect(text).toContain('http_request_duration_seconds_count{route="/users/:id",method="GET"} 2')
    expect(text).toContain('http_requests_refused_total{reason="api/database-unavailable"} 1')
    expect(text).not.toMatch(/nowhere|BREW/)
  })
})

describe('/metrics', () => {
  it('is for collectors of this machine, unless a proxy or a made-up host name stands between', async () => {
    const { app } = observedApp()
    await serving(app, async (url) => {
      const ask = async (headers: Record<string, string>) =>
        (await app.request(`${url}/metrics`, { headers })).status
      expect((await fetch(`${url}/metrics`)).status).toBe(200)
      expect(
        (await fetch(`${url}/metrics`, { headers: { 'x-forwarded-for': '1.2.3.4' } })).status,
      ).toBe(403)
      // Without a server there is no address, so nobody is taken for a neighbour.
      expect(await ask({ host: 'localhost' })).toBe(403)
      expect(await ask({ 'x-role': 'metrics' })).toBe(200)
      expect(await ask({ 'x-role': 'other' })).toBe(403)
    })
  })

  it('is for nobody else when no role is named', async () => {
    const { app } = observedApp({ roles: [] })
    expect((await app.request('/metrics', { headers: { 'x-role': 'metrics' } })).status).toBe(403)
  })

  it('tells pools, cache and tables when it is asked', async () => {
    const { metrics } = observedApp()
    let hits = 3
    metrics.observe({
      inFlight: () => 4,
      pools: { postgres: () => ({ inUse: 1, idle: 2, waiting: 3 }) },
      cache: () => ({ hits, misses: 1, bytes: 10 }),
      tables: async () => [{ table: 'users', version: 57, ageSeconds: 1.5 }],
    })
    await metrics.text()
    hits = 5
    const text = await metrics.text()
    for (const line of [
      'http_requests_in_flight 4',
      'millrace_pool_connections{pool="postgres",state="waiting"} 3',
      'millrace_cache_requests_total{result="hit"} 5',
      'millrace_table_freshness_seconds{table="users"} 1.5',
      'millrace_table_version{table="users"} 57',
    ]) {
      expect(text).toContain(`${line}\n`)
    }
  })
})

describe('a trace', () => {
  it('goes on from the caller, and is named in the log', async () => {
    const { app, lines, spans } = observedApp()
    await app.request('/users/1', { headers: { traceparent: `00-${traceId}-${parentId}-01` } })
    expect(lines[0]).toMatchObject({ trace_id: traceId })
    expect(spans).toMatchObject([
      { traceId, parentSpanId: parentId, ended: { route: '/users/:id', status: 200 } },
    ])
  })

  it('is not recorded when the caller does not record its own', async () => {
    const { app, spans } = observedApp()
    await app.request('/users/1', { headers: { traceparent: `00-${traceId}-${parentId}-00` } })
    expect(spans).toEqual([])
  })

  it.each([
    undefined,
    '',
    `00-${traceId}-${parentId}`,
    `00-${'0'.repeat(32)}-${parentId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `ff-${traceId}-${parentId}-01`,
    `00-${traceId}-${parentId}-01-more`,
    `00-${traceId.toUpperCase()}-${parentId}-01`,
  ])('begins anew when the header is %j', (header) => {
    expect(parseTraceparent(header)).toBeUndefined()
  })

  it('understands versions to come', () => {
    expect(parseTraceparent(`01-${traceId}-${parentId}-01-more`)).toEqual({
      traceId,
      spanId: parentId,
      isSampled: true,
    })
  })
})

describe('spans', () => {
  const ended = { route: '/users/:id', status: 503, problemCode: 'api/overloaded' }
  const span: Span = {
    traceId,
    spanId: 'aaaaaaaaaaaaaaaa',
    parentSpanId: parentId,
    method: 'GET',
    startNanos: 1_700_000_000_000_000_001n,
    endNanos: 1_700_000_000_000_000_002n,
    ended,
  }

  it('reach a collector by OTLP as JSON, the last ones when the process ends', async () => {
    const received: { url: string | undefined; body: unknown }[] = []
    const collector = createServer(async (request, response) => {
      const parts = await request.toArray()
      received.push({ url: request.url, body: JSON.parse(Buffer.concat(parts).toString()) })
      response.end('{}')
    })
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
    const { port } = collector.address() as AddressInfo // A server that listens on a port has one.
    const exporter = createSpanExporter({ url: `http://127.0.0.1:${port}/`, log: silentLog })
    exporter.record(span)
    await exporter.close()
    collector.closeAllConnections()
    collector.close()
    expect(received).toMatchObject([
      {
        url: '/v1/traces',
        body: {
          resourceSpans: [
            {
              scopeSpans: [
                {
                  spans: [
                    {
                      traceId,
                      parentSpanId: parentId,
                      name: 'GET /users/:id',
                      kind: 2,
                      startTimeUnixNano: '1700000000000000001',
                      status: { code: 2 },
                    },
                  ],
                },
              ],
            },
          ],
        },
      },
    ])
  })

  it('are dropped when there is no collector, and the log says so', async () => {
    const lines: Record<string, unknown>[] = []
    const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) })
    const exporter = createSpanExporter({ url: 'http://127.0.0.1:1', log })
    exporter.record(span)
    await exporter.close()
    expect(lines).toMatchObject([{ level: 40, event: 'traces.not_sent', spans: 1, dropped: 1 }])
  })
})
