/**
 * Running speed: the runner, dbt in Rust, dbt in Python, and the floor, which is the same SQL on one connection of
 * DuckDB. Generated projects of several sizes, one small real one, and two with much data. The programs take turns
 * on files of their own; medians, with the lowest and highest run. Writes docs/benchmarks.md.
 *
 *   node bench/runner.ts [--runs 3] [--models 100,500,1000,2000] [--only small,heavy] [--python <dbt>] [--no-write]
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  bundleFloor,
  floorStatements,
  type Place,
  runStatements,
  writeFloor,
} from './floor-work.ts'
import { appendSql, generateHeavy, sourceSql } from './generate-heavy.ts'
import { generateProject } from './generate-project.ts'
import { generateSmall } from './generate-small.ts'
import {
  buildRelease,
  describeMachine,
  findRustDbt,
  measure,
  releaseCommand,
  repository,
  type Summary,
  summarize,
  type Usage,
} from './harness.ts'

/** One thing that is measured: a program doing a command on a project of its own. */
type Contender = {
  readonly name: string
  /** The whole command line; `folder` is a copy of the project that nobody else uses. */
  readonly command: (folder: string) => readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Slow ones run once. */
  readonly isSlow?: boolean
}

type Case = {
  readonly name: string
  readonly group: 'plain' | 'tests' | 'lake' | 'small' | 'heavy' | 'increment'
  /** Writes the project, and what stands in its database before. */
  readonly prepare: (folder: string) => void
  readonly verb: 'run' | 'build'
  readonly place: Place
  readonly withPython: boolean
  /** Before each run of each program: what is new in the database. */
  readonly before?: (folder: string) => void
}

type Row = { readonly case: string; readonly program: string } & Summary

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    models: { type: 'string', default: '100,500,1000,2000' },
    only: { type: 'string', default: 'plain,tests,lake,small,heavy,increment' },
    python: { type: 'string' },
    write: { type: 'boolean', default: true },
  },
  allowNegative: true,
})
const runs = Number(values.runs)
const groups = values.only.split(',')
const page = join(repository, 'docs/benchmarks.md')

/** Where the Rust dbt finds DuckDB's library, which it would download otherwise. */
const bindings = `node_modules/@duckdb/node-bindings-${process.platform}-${process.arch}`

buildRelease()
const floorProgram = bundleFloor()
const rust = findRustDbt()
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
const rows: Row[] = []
try {
  for (const one of cases().filter(({ group }) => groups.includes(group))) rows.push(...bench(one))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
const machine = describeMachine()
console.log(JSON.stringify({ bench: 'runner', machine, runs, rows }))
if (values.write) writeFileSync(page, describeRows())

function cases(): Case[] {
  const sizes = values.models.split(',').map(Number)
  const largest = Math.max(...sizes.filter((size) => size <= 1_000))
  const generated = (models: number, tests: boolean) => (target: string) =>
    generateProject(target, { models, tests, macros: false })
  return [
    ...sizes.map(
      (models): Case => ({
        name: `run, ${models} models`,
        group: 'plain',
        prepare: generated(models, false),
        verb: 'run',
        place: 'file',
        withPython: models <= 100,
      }),
    ),
    {
      name: `build, ${largest} models and ${2 * largest} tests`,
      group: 'tests',
      prepare: generated(largest, true),
      verb: 'build',
      place: 'file',
      withPython: false,
    },
    {
      name: `run, ${largest} models, DuckLake`,
      group: 'lake',
      prepare: (target) => {
        generated(largest, false)(target)
        withoutProfile(target)
      },
      verb: 'run',
      place: 'lake',
      withPython: false,
    },
    {
      name: 'build, 5 models, 3 seeds, 20 tests',
      group: 'small',
      prepare: generateSmall,
      verb: 'build',
      place: 'file',
      withPython: true,
    },
    {
      name: 'run, 10 models over 50 million rows',
      group: 'heavy',
      prepare: (target) => {
        generateHeavy(target, 'wide')
        runStatements(target, [sourceSql(50_000_000)])
      },
      verb: 'run',
      place: 'file',
      withPython: false,
    },
    {
      name: 'run, increments of 10 thousand rows on 10 million',
      group: 'increment',
      prepare: (target) => {
        generateHeavy(target, 'increments')
        runStatements(target, [sourceSql(10_000_000)])
        const [program = '', ...rest] = runCommand(target, 'run')
        execFileSync(program, rest, { stdio: ['ignore', 'ignore', 'inherit'] })
      },
      before: (target) => runStatements(target, [appendSql(10_000)]),
      verb: 'run',
      place: 'file',
      withPython: false,
    },
  ]
}

function bench(one: Case): Row[] {
  const model = join(folder, 'model')
  rmSync(model, { recursive: true, force: true })
  one.prepare(model)
  const contenders = contendersOf(one, model)
  const usages = new Map<Contender, Usage[]>()
  for (const [index, contender] of contenders.entries()) {
    const own = join(folder, `own-${index}`)
    rmSync(own, { recursive: true, force: true })
    cpSync(model, own, { recursive: true })
    usages.set(contender, [])
  }
  for (let run = 0; run < runs; run++) {
    for (const [index, contender] of contenders.entries()) {
      if (contender.isSlow && run > 0) continue
      const own = join(folder, `own-${index}`)
      one.before?.(own)
      const { env } = contender
      const usage = measure(contender.command(own), {
        cwd: own,
        secondsAllowed: 600,
        ...(env && { env }),
      })
      if (usage.status === 0) usages.get(contender)?.push(usage)
      else console.log(`${contender.name}: ${one.name} ended with ${usage.status}; left out`)
    }
  }
  console.log(one.name)
  return [...usages].flatMap(([{ name }, measured]) => {
    if (measured.length === 0) return []
    const row = { case: one.name, program: name, ...summarize(measured) }
    console.log(
      `  ${name.padEnd(22)}${row.cpu_s.toFixed(2).padStart(8)} CPU s  ${row.cpu_min_s.toFixed(2)}–${row.cpu_max_s.toFixed(2)}  ${row.wall_s.toFixed(2)} s  ${row.peak_mb} MB`,
    )
    return [row]
  })
}

function contendersOf(one: Case, model: string): Contender[] {
  const { verb, place } = one
  const millrace: Contender = {
    name: 'millrace',
    command: (own) => runCommand(own, verb),
  }
  const floor: Contender = {
    name: place === 'lake' ? 'floor, one transaction' : 'floor',
    command: (own) => [process.execPath, floorProgram, writeFloor(own, statements, place)],
  }
  const statements = floorStatements(model, millrace.command, one.before ?? (() => {}))
  const dbt = (name: string, program: string, isSlow: boolean): Contender => ({
    name,
    isSlow,
    env: { LD_LIBRARY_PATH: join(repository, bindings) },
    command: (own) => [program, verb, '--project-dir', own, '--profiles-dir', own, '--quiet'],
  })
  return [
    floor,
    millrace,
    ...(rust === undefined || place === 'lake' ? [] : [dbt('dbt 2.0.0a4 (Rust)', rust, false)]),
    ...(values.python === undefined || !one.withPython
      ? []
      : [dbt('dbt 1.12.6 (Python)', values.python, true)]),
  ]
}

function runCommand(own: string, verb: string): string[] {
  return [...releaseCommand, verb, '--project-dir', own, '--profiles-dir', own, '--quiet']
}

/** Its models then go to the lake of its millrace.yml. */
function withoutProfile(target: string): void {
  const file = join(target, 'dbt_project.yml')
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^profile:.*\n/m, ''))
  rmSync(join(target, 'profiles.yml'))
}

function describeRows(): string {
  const { processor, cores, memory_gb, load_1m, node } = machine
  const known = new Map(rows.map((row) => [`${row.case}\n${row.program}`, row]))
  const lines = rows.map((row) => {
    const floor = [...known.values()].find(
      (one) => one.case === row.case && one.program.startsWith('floor'),
    )
    const ratio = floor === undefined ? '' : `${(row.cpu_s / floor.cpu_s).toFixed(2)} ×`
    const spread = `${row.cpu_min_s.toFixed(2)}–${row.cpu_max_s.toFixed(2)}`
    return `| ${row.case} | ${row.program} | ${row.cpu_s.toFixed(2)} | ${spread} | ${ratio} | ${row.wall_s.toFixed(2)} | ${row.peak_mb} |`
  })
  return `<!-- Written by bench/runner.ts; do not edit. -->
# Benchmarks

Each program runs the same project on files of its own, taking turns; medians of ${runs} runs. CPU is of the process and
its children. The floor is the same compiled SQL on one connection of DuckDB, in a bundled Node, and nothing else.
${processor}, ${cores} cores, ${memory_gb} GB, Node ${node}, load ${load_1m} at the end.

| project | program | CPU s | lowest–highest | to the floor | wall s | peak MB |
| --- | --- | ---: | ---: | ---: | ---: | ---: |
${lines.join('\n')}

\`make bench-runner\` makes this page anew.
`
}
