/**
 * From an edit to its result: `millrace watch` on a project of 5 models, 3 seeds and 20 tests, one staging model
 * edited again and again. The time is from before the file is written until the line that says all is built and
 * tested has been read, so it holds what the watcher waits for an editor to finish. Medians; prints JSON.
 *
 *   node bench/watch.ts [--runs 10] [--lake]
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { generateSmall } from './generate-small.ts'
import { buildRelease, describeMachine, releaseCommand } from './harness.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10' },
    lake: { type: 'boolean', default: false },
    bundle: { type: 'boolean', default: true },
  },
  allowNegative: true,
})
const runs = Number(values.runs)
/** Until V8 has compiled what each edit runs. */
const warmUps = 3

if (values.bundle) buildRelease()
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
generateSmall(folder)
if (values.lake) toLake(folder)
const [program = '', ...words] = releaseCommand
const flags = ['watch', '--format', 'json', '--project-dir', folder, '--profiles-dir', folder]
const child = spawn(program, [...words, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] })
const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
const events = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
try {
  await until('watch.waiting')
  const walls: number[] = []
  const own: number[] = []
  let cpuMs = 0
  for (let run = 0; run < warmUps + runs; run++) {
    const started = performance.now()
    const cpuBefore = cpuOfChild()
    edit(run)
    const built = await until('watch.built')
    if (built['outcome'] !== 'committed') throw new Error(`not built: ${JSON.stringify(built)}`)
    const wall = performance.now() - started
    await until('watch.waiting')
    if (run < warmUps) continue
    cpuMs += cpuOfChild() - cpuBefore
    walls.push(wall)
    own.push(Number(built['elapsed_ms']))
  }
  // Of both the rebuild and what is written down after it; on a busy machine it says more than the wall.
  const cpu_ms = Math.round(cpuMs / runs)
  const summary = { wall_ms: summarize(walls), since_noticed_ms: summarize(own), cpu_ms }
  const place = values.lake ? 'lake' : 'file'
  console.log(
    JSON.stringify({ bench: 'watch', machine: describeMachine(), place, runs, ...summary }),
  )
} finally {
  child.kill('SIGINT')
  await ended
  rmSync(folder, { recursive: true, force: true })
}

/** Milliseconds of CPU so far, as Linux counts them: in hundredths of a second. */
function cpuOfChild(): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Another query each time, with the same columns. */
function edit(run: number): void {
  const file = join(folder, 'models/staging/stg_orders.sql')
  const sql = `select id as order_id, user_id as customer_id, order_date, status from {{ ref('raw_orders') }} where id > -${run + 1}\n`
  writeFileSync(file, sql)
}

async function until(wanted: string): Promise<Readonly<Record<string, unknown>>> {
  for (;;) {
    const { value, done } = await events.next()
    if (done) throw new Error('the watcher has ended')
    const event: Readonly<Record<string, unknown>> = JSON.parse(value)
    if (event['event'] === 'watch.problems') throw new Error(value)
    if (event['event'] === wanted) return event
  }
}

/** Its models then go to an embedded lake. */
function toLake(project: string): void {
  const file = join(project, 'dbt_project.yml')
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^profile:.*\n/m, ''))
  rmSync(join(project, 'profiles.yml'))
}

function summarize(times: readonly number[]) {
  const sorted = times.toSorted((one, other) => one - other)
  const at = (index: number) => Math.round(sorted[index] ?? 0)
  return {
    median: at(Math.floor(sorted.length / 2)),
    lowest: at(0),
    highest: at(sorted.length - 1),
  }
}
