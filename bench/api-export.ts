/**
 * Exports of a large table: memory, first byte, event loop lag: `node bench/api-export.ts [rows]`. PostgreSQL is a
 * throw-away instance; each format is served by a process of its own, so that peaks do not mix. Writes its section of
 * docs/benchmarks.md when no number of rows is given.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { formatNames } from '../api/formats/format.ts'
import { startInstance, stopInstance } from '../local/instance.ts'
import { runSql } from '../tests/support/api.ts'
import { cacheDir } from '../tests/support/extension-directory.ts'
import { servedSql } from '../tests/support/served-table.ts'
import { anyPorts } from '../tests/support/services.ts'
import { migrate } from '../transform/publish/migrate.ts'
import { describeMachine, nodeFlags } from './harness.ts'
import { writeSections } from './page.ts'

const idle = '(idle)'
const rows = Number(process.argv[2] ?? 1_000_000)
const stateDir = mkdtempSync(join(tmpdir(), 'millrace-export-'))
const instance = await startInstance({
  stateDir,
  cacheDir,
  ports: anyPorts,
  services: ['postgres'],
  boundToThisProcess: true,
})
const url = instance.settings.postgres?.url ?? ''

type Measured = { readonly seconds: number; readonly firstByteMs: number; readonly bytes: number }

/** Reads everything and keeps nothing. */
function download(address: string): Promise<Measured> {
  const start = performance.now()
  return new Promise((resolve, reject) => {
    get(address, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${address}: ${response.statusCode}`))
      let firstByteMs: number | undefined
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        firstByteMs ??= performance.now() - start
        bytes += chunk.length
      })
      response.on('end', () => {
        const seconds = (performance.now() - start) / 1000
        resolve({ seconds, firstByteMs: firstByteMs ?? 0, bytes })
      })
      response.on('error', reject)
    }).on('error', reject)
  })
}

/** What the machine itself delays a process by that does nothing. */
async function rest(): Promise<Measured> {
  await new Promise((resolve) => setTimeout(resolve, 5000))
  return { seconds: 5, firstByteMs: 0, bytes: 0 }
}

async function measure(format: string): Promise<string> {
  const child = fork(new URL('./api-export-server.ts', import.meta.url), [url], {
    execArgv: nodeFlags,
    silent: true,
  })
  const lines = createInterface({ input: child.stdout ?? process.stdin })
  child.stderr?.pipe(process.stderr)
  const [address] = await once(lines, 'line')
  if (format !== idle) await download(`${address}?format=${format}&limit=1000`) // nothing is compiled for the first time
  child.send('begin')
  const { seconds, firstByteMs, bytes } =
    format === idle ? await rest() : await download(`${address}?format=${format}`)
  child.send('end')
  const [line] = await once(lines, 'line')
  const { rssMb, lagP99Ms, lagMaxMs, cpuSeconds } = JSON.parse(line)
  await once(child, 'exit')
  const cells = [
    format,
    Math.round(bytes === 0 ? 0 : rows / seconds).toLocaleString('en'),
    (bytes / 1e6).toFixed(0),
    seconds.toFixed(1),
    cpuSeconds.toFixed(1),
    firstByteMs.toFixed(0),
    rssMb.toFixed(0),
    lagP99Ms.toFixed(1),
    lagMaxMs.toFixed(1),
  ]
  return `| ${cells.join(' | ')} |`
}

try {
  await migrate(url, { schema: 'public', withTables: false })
  await runSql(
    url,
    `set search_path = public; create table events (id bigint primary key, user_id bigint, action text, event_timestamp timestamp,
       amount numeric(12,2), details jsonb);
     insert into events select i, i % 50000, (array['page_view','login','purchase','search'])[1 + i % 4],
       timestamp '2024-01-01' + i * interval '7.3 s', case when i % 4 = 2 then (i % 99999) / 100.0 end,
       jsonb_build_object('page', '/p/' || i % 1000, 'session', md5((i / 20)::text))
     from generate_series(1, ${rows}) i;
     ${servedSql({ schema: 'public', table: 'events', rows })}`,
  )
  const { processor, cores, memory_gb, node, load_1m } = describeMachine()
  const lines: string[] = []
  for (const format of [idle, ...formatNames.filter((name) => name !== 'json')]) {
    lines.push(await measure(format))
  }
  const text = `### Exports of ${rows.toLocaleString('en')} rows

\`node bench/api-export.ts\` writes this table: all rows of a table with six columns, \`GET /api/tables/events?format=…\`.
Memory is the peak of the whole process; the bounds are 300 MB, 300 ms to the first byte, and an event loop whose 99th
percentile is 50 ms late.

${cores} × ${processor}, ${memory_gb} GB, Node ${node}, load ${load_1m} before; ${new Date().toISOString().slice(0, 10)}.

| format | rows/s | MB | seconds | CPU s | first byte ms | peak RSS MB | loop lag p99 ms | max ms |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${lines.join('\n')}
`
  process.stdout.write(text)
  if (process.argv[2] === undefined) writeSections(new Map([['api-exports', text]]))
} finally {
  await stopInstance(stateDir, { purge: true })
  rmSync(stateDir, { recursive: true, force: true })
}
