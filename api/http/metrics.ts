/** What the process tells Prometheus. Labels are routes, methods and codes of ours, never what a caller wrote. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { PoolStats } from '../sources/postgres-source.ts'

type Answered = {
  /** `/api/tables/:name`, or `unmatched`. */
  readonly route: string
  readonly method: string
  /** 499: the client left before the answer. */
  readonly status: number
  /** Undefined: it is not known when the request began. */
  readonly seconds?: number | undefined
  /** Code of the problem that was answered. */
  readonly problemCode?: string | undefined
}

export type TableFreshness = {
  readonly table: string
  readonly version: number
  /** Since the rows were right. */
  readonly ageSeconds: number
}

/** Where gauges get their values when they are asked for. */
type MetricSources = {
  readonly inFlight?: () => number
  /** Name of a pool → its connections. */
  readonly pools?: Readonly<Record<string, () => PoolStats>>
  readonly cache?: () => CacheStats
  readonly tables?: () => Promise<readonly TableFreshness[]>
}

type CacheStats = {
  readonly hits: number
  readonly misses: number
  readonly bytes: number
}

export interface ApiMetrics {
  answered(answer: Answered): void
  /** A request that was turned away before its route. */
  refused(reason: string): void
  /** Adds gauges that are read when somebody asks for the metrics. */
  observe(sources: MetricSources): void
  /** Adds what prom-client knows of the process: CPU, memory, garbage collection, event loop. */
  observeProcess(): void
  /** The exposition format. */
  text(): Promise<string>
  readonly contentType: string
}

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'OPTIONS'])
/** Problems that say "not now". */
const refusals: ReadonlySet<number> = new Set([429, 503])

/** Metrics of one process, in a registry of their own. */
export function createApiMetrics(): ApiMetrics {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Answered requests; status 499: the client left first',
    labelNames: ['route', 'method', 'status'],
    registers,
  })
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'From the first byte of a request to the last of its answer',
    labelNames: ['route', 'method'],
    buckets,
    registers,
  })
  const refusedTotal = new Counter({
    name: 'http_requests_refused_total',
    help: 'Requests that were told to come again, by reason',
    labelNames: ['reason'],
    registers,
  })
  // Looking a label set up costs more than counting does.
  const counters = new Map<string, Counter.Internal>()
  const timers = new Map<string, Histogram.Internal<'route' | 'method'>>()

  return {
    answered({ route, method: sent, status, seconds, problemCode }) {
      const method = methods.has(sent) ? sent : 'other'
      const timerKey = `${method} ${route}`
      const counterKey = `${status} ${timerKey}`
      let counter = counters.get(counterKey)
      if (counter === undefined) {
        counter = requests.labels({ route, method, status: String(status) })
        counters.set(counterKey, counter)
      }
      counter.inc()
      let timer = timers.get(timerKey)
      if (timer === undefined) {
        timer = durations.labels({ route, method })
        timers.set(timerKey, timer)
      }
      if (seconds !== undefined) timer.observe(seconds)
      if (refusals.has(status)) refusedTotal.inc({ reason: problemCode ?? 'other' })
    },
    refused: (reason) => {
      refusedTotal.inc({ reason })
    },
    observe: (sources) => addGauges(registry, sources),
    observeProcess: () => collectDefaultMetrics({ register: registry }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}

function addGauges(registry: Registry, { inFlight, pools, cache, tables }: MetricSources): void {
  const registers = [registry]
  if (inFlight !== undefined) {
    new Gauge({
      name: 'http_requests_in_flight',
      help: 'Requests that are let in and not yet answered',
      registers,
      collect() {
        this.set(inFlight())
      },
    })
  }
  if (pools !== undefined) addPools(registry, pools)
  if (cache !== undefined) addCache(registry, cache)
  if (tables !== undefined) addTables(registry, tables)
}

function addPools(registry: Registry, pools: NonNullable<MetricSources['pools']>): void {
  new Gauge({
    name: 'millrace_pool_connections',
    help: 'Connections to PostgreSQL, and requests that wait for one',
    labelNames: ['pool', 'state'],
    registers: [registry],
    collect() {
      for (const [pool, read] of Object.entries(pools)) {
        const { inUse, idle, waiting } = read()
        this.set({ pool, state: 'in_use' }, inUse)
        this.set({ pool, state: 'idle' }, idle)
        this.set({ pool, state: 'waiting' }, waiting)
      }
    },
  })
}

function addCache(registry: Registry, read: () => CacheStats): void {
  const registers = [registry]
  new Counter({
    name: 'millrace_cache_requests_total',
    help: 'Answers looked for in the cache of this process',
    labelNames: ['result'],
    registers,
    collect() {
      const { hits, misses } = read()
      this.reset()
      this.inc({ result: 'hit' }, hits)
      this.inc({ result: 'miss' }, misses)
    },
  })
  new Gauge({
    name: 'millrace_cache_bytes',
    help: 'Bytes of the answers that are kept',
    registers,
    collect() {
      this.set(read().bytes)
    },
  })
}

function addTables(registry: Registry, read: () => Promise<readonly TableFreshness[]>): void {
  const registers = [registry]
  const gauge = (name: string, help: string, figure: (table: TableFreshness) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['table'],
      registers,
      async collect() {
        const tables = await read()
        this.reset()
        for (const table of tables) this.set({ table: table.table }, figure(table))
      },
    })
  gauge(
    'millrace_table_version',
    'Snapshot of the lake that a published table shows',
    ({ version }) => version,
  )
  gauge(
    'millrace_table_freshness_seconds',
    'Seconds since the rows of a published table were right',
    ({ ageSeconds }) => ageSeconds,
  )
}
