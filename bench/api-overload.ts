/**
 * What the API does with more requests than it can answer: an open loop (requests come when they come, answered or
 * not) at the rate it can bear and at twice that rate. Admitted requests have to stay quick, the others have to be told
 * so at once, and memory has to stay as it is.
 *   node bench/api-overload.ts [seconds of the overload = 20]
 * Everything is on this machine: PostgreSQL, the API in a process of its own, and the load. With 600 seconds or more it
 * writes its section of docs/benchmarks.md.
 */
import { fork } from 'node:child_process'
import { Agent, request } from 'node:http'
import { withShippedApi } from '../tests/support/serve-shipped.ts'
import { askEvenly } from './api/open-loop.ts'
import { describeMachine, nodeFlags } from './harness.ts'
import { writeSections } from './page.ts'

const path = '/api/active-users?days=30'
const longestSeconds = 900
const probeSeconds = 5

/** Answers a second with as many callers as the pool has connections, twice over. */
async function sustainable(url: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 })
  let answered = 0
  const end = performance.now() + probeSeconds * 1000
  const caller = async () => {
    while (performance.now() < end) {
      await new Promise<void>((resolve, reject) => {
        request(url + path, { agent }, (response) => response.resume().once('end', resolve))
          .once('error', reject)
          .end()
      })
      answered++
    }
  }
  await Promise.all(Array.from({ length: 20 }, caller))
  agent.destroy()
  return answered / probeSeconds
}

async function residentBytes(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1])
}

function quantile(values: readonly number[], share: number): string {
  const sorted = [...values].sort((a, b) => a - b)
  const found = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  return found === undefined ? '' : found.toFixed(0)
}

function listOf(reasons: ReadonlyMap<string, number>): string {
  if (reasons.size === 0) return ''
  return ` (${[...reasons].map(([reason, count]) => `${reason}: ${count}`).join(', ')})`
}

/** @returns a line of the table */
async function report(
  url: string,
  name: string,
  perSecond: number,
  seconds: number,
): Promise<string> {
  const before = await residentBytes(url)
  const samples: number[] = []
  const timer = setInterval(() => {
    void residentBytes(url).then(
      (bytes) => samples.push(bytes),
      () => samples.push(Number.NaN),
    )
  }, 2000)
  const { sent, admitted, refused, failed, reasons } = await askEvenly(() => url + path, {
    perSecond,
    seconds,
  })
  clearInterval(timer)
  const mb = (bytes: number | undefined) => ((bytes ?? Number.NaN) / 1e6).toFixed(0)
  const share = ((100 * refused.length) / sent).toFixed(0)
  const late = samples.slice(Math.floor(samples.length / 4))
  const cells = [
    name,
    perSecond.toFixed(0),
    seconds,
    (admitted.length / seconds).toFixed(0),
    quantile(admitted, 0.5),
    quantile(admitted, 0.99),
    `${share} %`,
    quantile(refused, 0.5),
    quantile(refused, 0.99),
    `${failed}${listOf(reasons)}`,
    mb(before),
    `${mb(late[0])} (${mb(Math.min(...late))}–${mb(Math.max(...late))})`,
  ]
  const line = `| ${cells.join(' | ')} |`
  process.stdout.write(`${line}\n${samples.map(mb).join(' ')} MB\n`)
  return line
}

const events = `insert into users (user_id, signup_date) select i, now() at time zone 'utc' from generate_series(1000, 2999) i;
  insert into user_activity (id, user_id, action, event_timestamp, details)
  select i, 1000 + i % 2000, 'view', now() at time zone 'utc' - i * interval '30 seconds', '{}'
  from generate_series(1000, 20999) i; analyze`

/** The API and its PostgreSQL, until the parent ends it. */
async function serve(): Promise<void> {
  await withShippedApi({ setup: events }, async ({ url }) => {
    process.send?.(url)
    await new Promise((resolve) => process.once('disconnect', resolve))
  })
}

function describe(
  rate: number,
  { processor, cores, memory_gb, node, load_1m }: ReturnType<typeof describeMachine>,
  lines: readonly string[],
): string {
  return `### More requests than can be answered

\`node bench/api-overload.ts 600\` writes this table: \`GET ${path}\` over 20,000 events in an open loop, times counted from
when a request was due. ${rate.toFixed(0)} requests a second is what 20 callers got who waited for their answers. Memory is that of
the API's process before, and from a quarter of the time on (lowest to highest).

${cores} × ${processor}, ${memory_gb} GB, Node ${node}, load ${load_1m} before; ${new Date().toISOString().slice(0, 10)}.

| asked | requests/s | seconds | admitted/s | p50 ms | p99 ms | refused | p50 ms | p99 ms | failed | MB before | MB meanwhile |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${lines.join('\n')}
`
}

async function main(): Promise<void> {
  const seconds = Math.min(longestSeconds, Number(process.argv[2] ?? 20))
  const child = fork(import.meta.filename, ['--serve'], { execArgv: nodeFlags })
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve(String(message)))
    child.once('exit', () => reject(new Error('the API did not start')))
  })
  try {
    const machine = describeMachine()
    await sustainable(url) // warms up
    const rate = await sustainable(url)
    process.stdout.write(`sustainable: ${rate.toFixed(0)}/s\n`)
    const brief = Math.min(10, seconds)
    const lines = [
      await report(url, 'half of it', rate / 2, brief),
      await report(url, 'twice as much', rate * 2, seconds),
      await report(url, 'half of it again', rate / 2, brief),
    ]
    const text = describe(rate, machine, lines)
    process.stdout.write(text)
    if (seconds >= 600) writeSections(new Map([['api-overload', text]]))
  } finally {
    child.disconnect()
    await new Promise((resolve) => child.once('exit', resolve))
  }
}

await (process.argv.includes('--serve') ? serve() : main())
