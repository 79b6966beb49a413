/** What bench/runner.ts measures: generated projects, and what stands in their databases before. */
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Place, runStatements } from './floor-work.ts'
import { appendSql, generateHeavy, type HeavyKind, sourceSql } from './generate-heavy.ts'
import { generateProject } from './generate-project.ts'
import { generateSmall } from './generate-small.ts'
import { releaseCommand } from './harness.ts'

export const groups = [
  'plain',
  'tests',
  'lake',
  'small',
  'heavy',
  'increment',
  'exact',
  'keyed',
] as const
export type Group = (typeof groups)[number]

/** One project that several programs build. */
export type Case = {
  readonly name: string
  readonly group: Group
  /** Writes the project, and what stands in its database before. */
  readonly prepare: (folder: string) => void
  readonly verb: 'run' | 'build'
  readonly place: Place
  /** Before each run of each program: what is new in the database. */
  readonly before?: (folder: string) => void
  /** Only the runner itself is measured, to be compared with itself. */
  readonly isOwn?: boolean
}

export type Sizes = {
  readonly models: readonly number[]
  /** Rows of the data-heavy project, and of the long history of increments. */
  readonly heavyRows: number
  readonly historyRows: number
}

/** Rows of the short history, and new rows before each run. */
const shortHistory = 100_000
const newRows = 10_000

export function runCommand(folder: string, verb: string): string[] {
  return [...releaseCommand, verb, '--project-dir', folder, '--profiles-dir', folder, '--quiet']
}

export function casesOf({ models, heavyRows, historyRows }: Sizes): Case[] {
  const upTo1000 = models.filter((size) => size <= 1_000)
  return [
    ...models.map((size) => generatedCase('plain', size)),
    ...models.map((size) => generatedCase('tests', size)),
    ...upTo1000.slice(-1).map((size) => generatedCase('lake', size)),
    {
      name: '5 models, 3 seeds, 20 tests, build',
      group: 'small',
      prepare: generateSmall,
      verb: 'build',
      place: 'file',
    },
    heavyCase(`10 models over ${spell(heavyRows)} rows`, 'wide', heavyRows),
    heavyCase(`10 running totals of ${spell(heavyRows / 10)} rows`, 'totals', heavyRows),
    {
      name: `3 increments of ${spell(newRows)} rows on ${spell(historyRows)}`,
      group: 'increment',
      prepare: (folder) => prepareHistory(folder, 'increments', historyRows, 'file'),
      before: (folder) => runStatements(folder, [appendSql(newRows)], 'file'),
      verb: 'run',
      place: 'file',
    },
    ...[shortHistory, historyRows].map((rows) => lakeIncrements('exact', 'exact', rows)),
    ...(['delete+insert', 'merge'] as const).flatMap((strategy) =>
      [shortHistory, historyRows].map((rows) => lakeIncrements('keyed', strategy, rows)),
    ),
  ]
}

function heavyCase(name: string, kind: HeavyKind, rows: number): Case {
  return {
    name,
    group: 'heavy',
    prepare: (folder) => {
      generateHeavy(folder, kind)
      runStatements(folder, [sourceSql(rows)], 'file')
    },
    verb: 'run',
    place: 'file',
  }
}

function generatedCase(group: 'plain' | 'tests' | 'lake', models: number): Case {
  const tests = group === 'tests'
  const isLake = group === 'lake'
  return {
    name: `${models} models${tests ? ` and ${2 * models} tests, build` : ''}`,
    group,
    prepare: (folder) => {
      generateProject(folder, { models, tests, macros: false })
      if (isLake) withoutProfile(folder)
    },
    verb: tests ? 'build' : 'run',
    place: isLake ? 'lake' : 'file',
  }
}

function lakeIncrements(group: 'exact' | 'keyed', kind: HeavyKind, rows: number): Case {
  return {
    name: `${group === 'exact' ? 'new_rows()' : kind} of ${spell(newRows)} rows on ${spell(rows)}`,
    group,
    prepare: (folder) => prepareHistory(folder, kind, rows, 'lake'),
    before: (folder) => runStatements(folder, [appendSql(newRows)], 'lake'),
    verb: 'run',
    place: 'lake',
    isOwn: true,
  }
}

/** The source, built from once. */
function prepareHistory(folder: string, kind: HeavyKind, rows: number, place: Place): void {
  generateHeavy(folder, kind)
  runStatements(folder, [sourceSql(rows)], place)
  const [program = '', ...rest] = runCommand(folder, 'run')
  execFileSync(program, rest, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
}

/** Its models then go to the lake of its millrace.yml. */
function withoutProfile(folder: string): void {
  const file = join(folder, 'dbt_project.yml')
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^profile:.*\n/m, ''))
  rmSync(join(folder, 'profiles.yml'))
}

function spell(rows: number): string {
  return rows >= 1e6 ? `${rows / 1e6} million` : `${rows / 1e3} thousand`
}
