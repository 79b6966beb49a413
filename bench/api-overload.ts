/**
 * What the API does with more requests than it can answer: an open loop (requests come when they come, answered or
 * not) at the rate it can bear and at twice that rate. Admitted requests have to stay quick, the others have to be told
 * so at once, and memory has to stay as it is.
 *   node bench/api-overload.ts [seconds of the overload = 20]
 * Everything is on this machine: PostgreSQL, the API in a process of its own, and the load.
 */
import { fork } from 'node:child_process'
import { Agent, request } from 'node:http'
import { withShippedApi } from '../tests/support/serve-shipped.ts'
import { askEvenly } from './api/open-loop.ts'
import { nodeFlags } from './harness.ts'

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
  return found === undefined ? '-' : `${found.toFixed(0)} ms`
}

function listOf(reasons: ReadonlyMap<string, number>): string {
  if (reasons.size === 0) return ''
  return ` (${[...reasons].map(([reason, count]) => `${reason}: ${count}`).join(', ')})`
}

async function report(url: string, name: string, perSecond: number, seconds: number) {
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
  const mib = (bytes: number) => (bytes / 1024 ** 2).toFixed(0)
  const share = ((100 * refused.length) / sent).toFixed(0)
  process.stdout.write(
    `${name}: ${perSecond.toFixed(0)}/s for ${seconds} s; admitted ${(admitted.length / seconds).toFixed(0)}/s, ` +
      `p50 ${quantile(admitted, 0.5)}, p99 ${quantile(admitted, 0.99)}; refused ${share} %, p50 ${quantile(refused, 0.5)}, ` +
      `p99 ${quantile(refused, 0.99)}; failed ${failed}${listOf(reasons)}; memory ${mib(before)} MiB before, ` +
      `${samples.map(mib).join(' ')} meanwhile\n`,
  )
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

async function main(): Promise<void> {
  const seconds = Math.min(longestSeconds, Number(process.argv[2] ?? 20))
  const child = fork(import.meta.filename, ['--serve'], { execArgv: nodeFlags })
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve(String(message)))
    child.once('exit', () => reject(new Error('the API did not start')))
  })
  try {
    await sustainable(url) // warms up
    const rate = await sustainable(url)
    process.stdout.write(`sustainable: ${rate.toFixed(0)}/s\n`)
    await report(url, 'half', rate / 2, Math.min(10, seconds))
    await report(url, 'twice', rate * 2, seconds)
    await report(url, 'afterwards, half', rate / 2, Math.min(10, seconds))
  } finally {
    child.disconnect()
    await new Promise((resolve) => child.once('exit', resolve))
  }
}

await (process.argv.includes('--serve') ? serve() : main())
