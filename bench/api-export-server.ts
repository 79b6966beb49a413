/** The API of `bench/api-export.ts` in a process of its own, which measures itself between `begin` and `end`. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createAdaptorServer } from '@hono/node-server'
import { openToEveryone } from '../api/access/open-access.ts'
import { createApi } from '../api/create-api.ts'
import { openPostgresSource } from '../api/sources/postgres-source.ts'
import { openEndpointService } from '../api/sql-endpoint/service.ts'
import { openTableService } from '../api/tables/service.ts'
import { systemClock } from '../core/clock.ts'
import { settingsSchema } from '../core/settings.ts'
import { silentLog } from '../core/silent-log.ts'

const url = process.argv[2] ?? ''
const source = openPostgresSource({ url, schema: 'public' })
const settings = settingsSchema.parse({}).api
const tables = openTableService({ url, schema: 'public', source, log: silentLog, settings })
const app = createApi({
  access: openToEveryone(settings),
  sql: openEndpointService({
    endpoints: [],
    sources: { postgres: source, schema: 'public' },
    seal: tables.seal,
    cacheBytes: settings.cache_bytes,
    clock: systemClock,
  }),
  tables,
  checks: {},
  log: silentLog,
  clock: systemClock,
})
const server = createAdaptorServer({ fetch: app.fetch })
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  process.stdout.write(`http://127.0.0.1:${port}/api/tables/events\n`)
})

const lag = monitorEventLoopDelay({ resolution: 5 })
let peak = 0
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 20)
let cpu = process.cpuUsage()

process.on('message', async (message) => {
  if (message === 'begin') {
    peak = 0
    cpu = process.cpuUsage()
    lag.enable()
    return
  }
  lag.disable()
  const { user, system } = process.cpuUsage(cpu)
  // The histogram counts from one timer to the next; what is beyond its resolution is lag.
  const result = {
    rssMb: peak / 1e6,
    lagP99Ms: lag.percentile(99) / 1e6 - 5,
    lagMaxMs: lag.max / 1e6 - 5,
    cpuSeconds: (user + system) / 1e6,
  }
  process.stdout.write(`${JSON.stringify(result)}\n`)
  clearInterval(watch)
  server.close()
  await Promise.all([source.close(), tables.exports.close()])
  process.disconnect()
})
