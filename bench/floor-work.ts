/** What the floor has to do for a project: the statements that the runner sends, taken from its artifacts. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FloorWork } from './floor.ts'
import { repository } from './harness.ts'

/** Where models go: a DuckDB file, or a DuckLake on a SQLite catalog. */
export type Place = 'file' | 'lake'

/** Below node_modules, where it finds the engine. */
const bundledFloor = join(repository, 'node_modules/.cache/millrace-bench/floor.mjs')

/** Bundles the floor's program. @returns its path */
export function bundleFloor(): string {
  const arguments_ = ['bench/floor.ts', '--platform', 'node', '--format', 'esm']
  const { status, stderr } = spawnSync(
    'rolldown',
    [...arguments_, '--file', bundledFloor, '--external', '@duckdb/node-bindings'],
    { cwd: repository, encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`the floor cannot be bundled: ${stderr}`)
  return bundledFloor
}

type Manifest = {
  readonly nodes: Readonly<
    Record<
      string,
      {
        readonly resource_type: string
        readonly relation_name: string | null
        readonly compiled_code?: string
        readonly original_file_path: string
        readonly config: { readonly materialized?: string }
      }
    >
  >
}
type RunResults = {
  readonly results: readonly {
    readonly unique_id: string
    readonly status: string
    readonly compiled_code: string | null
  }[]
}

/**
 * Runs the project once in a copy, and reads from its artifacts what was run, in order.
 * @param before what happens to the copy first, as before each measured run
 */
export function floorStatements(
  model: string,
  command: (folder: string) => readonly string[],
  before: (folder: string) => void,
): string[] {
  const copy = `${model}-floor`
  rmSync(copy, { recursive: true, force: true })
  cpSync(model, copy, { recursive: true })
  before(copy)
  const [program = '', ...rest] = command(copy)
  const { status, stderr, stdout } = spawnSync(program, rest, { cwd: copy, encoding: 'utf8' })
  if (status !== 0) throw new Error(`the project does not run: ${stdout}${stderr}`)
  const { nodes } = readJson<Manifest>(join(copy, 'target/manifest.json'))
  const { results } = readJson<RunResults>(join(copy, 'target/run_results.json'))
  const schemas = new Set<string>()
  const statements = results.flatMap(({ unique_id, compiled_code }) => {
    const node = nodes[unique_id]
    if (node === undefined) return []
    const name = node.relation_name
    const code = compiled_code ?? node.compiled_code ?? ''
    if (node.resource_type === 'test') return `select count(*) from (${code}\n) t`
    if (name === null) return []
    schemas.add(name.split('.').slice(0, -1).join('.'))
    if (node.resource_type === 'seed') {
      const file = join(model, node.original_file_path)
      return `create or replace table ${name} as from read_csv('${file}')`
    }
    switch (node.config.materialized) {
      case 'incremental':
        return `insert into ${name} ${code}`
      case 'table':
        return `create or replace table ${name} as ${code}`
      default:
        return `create or replace view ${name} as ${code}`
    }
  })
  rmSync(copy, { recursive: true, force: true })
  return [...[...schemas].map((schema) => `create schema if not exists ${schema}`), ...statements]
}

/** The lake of a project's folder, as its millrace.yml has it. */
export function attachLake(folder: string): string[] {
  const parameters = `data_path '${join(folder, 'lake')}/', data_inlining_row_limit 0, meta_journal_mode 'WAL'`
  const attach = `attach 'ducklake:sqlite:${join(folder, 'lake.sqlite')}' as lake (${parameters})`
  return ['load ducklake', 'load sqlite_scanner', attach]
}

/** Writes the work for a copy of the project. @returns the file */
export function writeFloor(
  folder: string,
  statements: readonly string[],
  place: Place,
  oneTransaction = place === 'lake',
): string {
  const file = join(folder, 'floor.json')
  const work: FloorWork = {
    database: place === 'file' ? join(folder, 'synth.duckdb') : ':memory:',
    settings: place === 'file' ? {} : { extension_directory: extensionDirectory() },
    setup: place === 'file' ? [] : attachLake(folder),
    statements,
    oneTransaction,
  }
  mkdirSync(join(folder, 'lake'), { recursive: true })
  writeFileSync(file, JSON.stringify(work))
  return file
}

/** Runs statements on the DuckDB file or the lake of a project, in a process that is not measured. */
export function runStatements(folder: string, statements: readonly string[], place: Place): void {
  const use = place === 'lake' ? ['use lake'] : []
  const file = writeFloor(folder, [...use, ...statements], place)
  const { status, stderr } = spawnSync(process.execPath, [bundledFloor, file], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the data cannot be made: ${stderr}`)
}

export function extensionDirectory(): string {
  const cache = process.env['MILLRACE_CACHE_DIR'] ?? '/var/cache/millrace'
  return join(cache, 'duckdb-extensions')
}

function readJson<Shape>(file: string): Shape {
  return JSON.parse(readFileSync(file, 'utf8')) as Shape // our own artifacts
}
