/**
 * Running speed: the runner, dbt in Rust, dbt in Python, and the floor, which is the same SQL on one connection of
 * DuckDB. Generated projects of several sizes with and without tests, a small one, two with much data, and
 * increments on short and long histories. The programs take turns on files of their own; medians, with the lowest
 * and highest run. Writes its sections of docs/benchmarks.md.
 *
 *   node bench/runner.ts [--runs 3] [--models 100,500,1000,2000] [--only plain,tests,lake,small,heavy,increment,exact,keyed]
 *     [--python <dbt 1.12.6, or its virtual environment>] [--no-rust] [--commit-each]
 *     [--heavy-rows 50000000] [--history-rows 10000000] [--no-write]
 *
 * Without --python the Python dbt is left out; --commit-each adds a lake with a commit per model to its table. The data-heavy cases need 10 GB of disk in the folder for temporary files.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Contents, readContents } from './contents.ts'
import { buildRelease, describeMachine, measure, median, summarize, type Usage } from './harness.ts'
import { writeSections } from './page.ts'
import { type Case, casesOf, type Group, groups } from './runner-cases.ts'
import { type Contender, contendersOf, findPrograms } from './runner-contenders.ts'
import { describeGroup, introduction, type Row } from './runner-report.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    models: { type: 'string', default: '100,500,1000,2000' },
    only: { type: 'string', default: groups.join(',') },
    python: { type: 'string' },
    rust: { type: 'boolean', default: true },
    'commit-each': { type: 'boolean', default: false },
    'heavy-rows': { type: 'string', default: '50000000' },
    'history-rows': { type: 'string', default: '10000000' },
    write: { type: 'boolean', default: true },
  },
  allowNegative: true,
})
const runs = Number(values.runs)
/** Until a program is given up: the Python dbt takes minutes for 2,000 models and their tests. */
const secondsAllowed = 1_800

type Entry = {
  readonly one: Case
  readonly contender: Contender
  readonly folder: string
  readonly usages: Usage[]
  readonly nodeSeconds: number[]
  contents: Contents | undefined
}

const machine = describeMachine()
console.log(
  `${machine.cores} × ${machine.processor}, ${machine.memory_gb} GB, Node ${machine.node}, load ${machine.load_1m}`,
)
buildRelease()
const found = findPrograms(values.python)
const programs = {
  ...found,
  rustDbt: values.rust ? found.rustDbt : undefined,
  commitsEach: values['commit-each'],
}
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
const rows: Row[] = []
const sections = new Map<string, string>([['runner', introduction]])
try {
  for (const group of groupsAsked()) {
    const before = load()
    rows.push(...(await benchGroup(group)))
    sections.set(group, describeGroup(group, rows, `${before} before and ${load()} after`))
    console.log(`${sections.get(group)}\n`)
    // At once: what comes after may fail.
    if (values.write) writeSections(sections)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(JSON.stringify({ bench: 'runner', machine, runs, rows }))

function groupsAsked(): Group[] {
  const asked = values.only.split(',')
  const unknown = asked.filter((name) => !groups.some((group) => group === name))
  if (unknown.length > 0) throw new Error(`--only knows ${groups.join(', ')}; not ${unknown}`)
  return groups.filter((group) => asked.includes(group))
}

/** Cases that the runner does alone are compared with each other, and take turns; others come one after the other. */
async function benchGroup(group: Group): Promise<Row[]> {
  const cases = casesOf({
    models: values.models.split(',').map(Number),
    heavyRows: Number(values['heavy-rows']),
    historyRows: Number(values['history-rows']),
  }).filter((one) => one.group === group)
  const isTogether = cases.every(({ isOwn }) => isOwn)
  const results: Row[] = []
  for (const some of isTogether ? [cases] : cases.map((one) => [one])) {
    const place = join(folder, 'case')
    const entries = some.flatMap((one, index) => enter(one, join(place, String(index))))
    for (let run = 0; run < runs; run++) await takeTurns(entries, run)
    results.push(...entries.flatMap((entry) => rowOf(entry, entries)))
    rmSync(place, { recursive: true, force: true })
  }
  return results
}

/** A folder for each program: a copy of one that was prepared, or, as a lake knows its place, prepared by itself. */
function enter(one: Case, place: string): Entry[] {
  const model = join(place, 'model')
  one.prepare(model)
  const contenders = contendersOf(one, model, programs)
  return contenders.map((contender, index) => {
    const own = one.isOwn ? model : join(place, String(index))
    if (own !== model) cpSync(model, own, { recursive: true })
    contender.warmUp?.(own)
    const usages: Usage[] = []
    return { one, contender, folder: own, usages, nodeSeconds: [], contents: undefined }
  })
}

async function takeTurns(entries: readonly Entry[], run: number): Promise<void> {
  for (const entry of entries) {
    const { one, contender, folder: own } = entry
    if (contender.isSlow && run > 0) continue
    one.before?.(own)
    const { env } = contender
    const usage = measure(contender.command(own), { cwd: own, secondsAllowed, ...(env && { env }) })
    if (usage.status !== 0) {
      console.log(`${contender.name}: ${one.name} ended with ${usage.status}; left out`)
      continue
    }
    entry.usages.push(usage)
    const seconds = nodeSecondsOf(own)
    if (seconds !== undefined) entry.nodeSeconds.push(seconds)
    if (run === 0) entry.contents = await readContents(own, one.place)
  }
}

/** What run_results.json says that the nodes took, together. */
function nodeSecondsOf(own: string): number | undefined {
  const file = join(own, 'target/run_results.json')
  if (!existsSync(file)) return undefined
  const { results }: { results: readonly { execution_time: number }[] } = JSON.parse(
    readFileSync(file, 'utf8'),
  )
  return results.reduce((sum, { execution_time }) => sum + execution_time, 0)
}

function rowOf(entry: Entry, entries: readonly Entry[]): Row[] {
  const { one, contender, usages, nodeSeconds, contents } = entry
  const first = entries.find((other) => other.one === one)
  if (usages.length === 0 || contents === undefined) return []
  const isSame =
    first === entry || first?.contents === undefined
      ? undefined
      : first.contents.digest === contents.digest && first.contents.rows === contents.rows
  const { relations, rows: rowCount, digest, nodes } = contents
  console.log(
    `${one.name}: ${contender.name}: ${relations} relations, ${rowCount} rows, digest ${digest}, ${nodes ?? 'no'} nodes well`,
  )
  const nodes_s = nodeSeconds.length === 0 ? undefined : median(nodeSeconds)
  const { group, name } = one
  const head = { group, case: name, program: contender.name, nodes_s, isSame, relations }
  return [{ ...head, usages, ...summarize(usages) }]
}

function load(): string {
  return (loadavg()[0] ?? 0).toFixed(1)
}
