/** What building a fixture gives, as facts that are compared: of dbt in `recorded-rows/`, of ours made anew. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import type { Fixture } from './fixtures.ts'
import { readDatabase, relationSchema } from './row-state.ts'

const nodeSchema = z.strictObject({
  status: z.string(),
  /** Rows that fail a data test. */
  failures: z.number().optional(),
  /** Rows affected, where dbt says how many. */
  rows: z.number().optional(),
})

const stepSchema = z.strictObject({
  /** 0 done, 1 a node failed, 2 nothing ran. */
  exit: z.number(),
  nodes: z.record(z.string(), nodeSchema),
  relations: z.record(z.string(), relationSchema),
  extras: z.array(z.string()),
})

/** One entry a build, in order. */
export type RowRecording = readonly z.infer<typeof stepSchema>[]
export type RecordedBuild = RowRecording[number]

const resultsSchema = z.object({
  results: z.array(
    z.object({
      unique_id: z.string(),
      status: z.string(),
      failures: z.number().nullable(),
      adapter_response: z.object({ rows_affected: z.number().optional() }),
    }),
  ),
})

export const databaseFile = 'conformance.duckdb'

/** What is run before each build: that of every command, then that of the build. */
export function buildScripts({ setup, rows, rowsLater }: Fixture): string[] {
  const first = `${setup ?? ''}\n${rows ?? ''}`
  return rowsLater === undefined ? [first] : [first, rowsLater]
}

/** Commands of dbt for a build, counted from 0. */
export function buildCommands(fixture: Fixture, index: number): string[][] {
  const { before, target, vars, build, buildLater = build } = fixture
  const options = ['--target', target, '--vars', JSON.stringify(vars)]
  return index === 0
    ? [...before, ['build', ...options, ...build]]
    : [['build', ...options, ...buildLater]]
}

/** What a build has left in the current folder. */
export async function readBuild(exit: number, clock: readonly string[]): Promise<RecordedBuild> {
  const file = 'target/run_results.json'
  const { results } = existsSync(file)
    ? resultsSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
    : { results: [] }
  const nodes = results.map(({ unique_id: id, status, failures, adapter_response: response }) => {
    const rows = response.rows_affected
    const counts = { ...(failures !== null && { failures }), ...(rows !== undefined && { rows }) }
    return [id, { status, ...counts }] as const
  })
  const database = await readDatabase(databaseFile, clock)
  return { exit, nodes: Object.fromEntries(nodes.sort(byId)), ...database }
}

function byId([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1
}

const fileOf = (name: string) => new URL(`./recorded-rows/${name}.json`, import.meta.url)

/** @throws when the fixture was never recorded: run `make conformance` */
export function readRowRecording(name: string): RowRecording {
  return z.array(stepSchema).parse(JSON.parse(readFileSync(fileOf(name), 'utf8')))
}

/** One line a node and a relation, so that a change of one is a change of one line. */
export function writeRowRecording(name: string, builds: RowRecording): void {
  writeFileSync(fileOf(name), `[\n${builds.map(textOf).join(',\n')}\n]\n`)
}

function textOf({ exit, nodes, relations, extras }: RecordedBuild): string {
  const parts = [
    `"exit": ${exit}`,
    `"nodes": ${linesOf(nodes)}`,
    `"relations": ${linesOf(relations)}`,
    `"extras": ${JSON.stringify(extras, null, 1)}`,
  ]
  return `{\n${parts.join(',\n')}\n}`
}

function linesOf(entries: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(entries).map(
    ([id, entry]) => `${JSON.stringify(id)}: ${JSON.stringify(entry)}`,
  )
  return lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n}`
}
