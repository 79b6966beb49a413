/** Who takes part in bench/runner.ts: the floor, the runner itself, and dbt in Rust and in Python. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { bundleFloor, floorStatements, writeFloor } from './floor-work.ts'
import { findRustDbt, repository } from './harness.ts'
import { type Case, runCommand } from './runner-cases.ts'

/** One thing that is measured: a program doing a command on a project of its own. */
export type Contender = {
  readonly name: string
  /** The whole command line; `folder` is a copy of the project that nobody else uses. */
  readonly command: (folder: string) => readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Slow ones run once. */
  readonly isSlow?: boolean
  /** Once in its folder, before it is measured. */
  readonly warmUp?: (folder: string) => void
}

export type Programs = {
  readonly floor: string
  readonly rustDbt: string | undefined
  readonly pythonDbt: string | undefined
  /** Whether a lake is also written with a commit per model, which takes minutes. */
  readonly commitsEach: boolean
}

/** Where the Rust dbt finds DuckDB's library, which it would download otherwise. */
const bindings = `node_modules/@duckdb/node-bindings-${process.platform}-${process.arch}`

/** @param python the `dbt` of a virtual environment, or the environment's folder */
export function findPrograms(python: string | undefined): Omit<Programs, 'commitsEach'> {
  const inFolder = python === undefined ? undefined : join(python, 'bin/dbt')
  const pythonDbt = inFolder !== undefined && existsSync(inFolder) ? inFolder : python
  return { floor: bundleFloor(), rustDbt: findRustDbt(), pythonDbt }
}

export function contendersOf(one: Case, model: string, programs: Programs): Contender[] {
  const { verb, place } = one
  const millrace = {
    name: 'millrace',
    command: (folder: string) => runCommand(folder, verb),
  }
  if (one.isOwn) return [millrace]
  const statements = floorStatements(model, millrace.command, one.before ?? (() => {}))
  const floor = (name: string, oneTransaction: boolean) => ({
    name,
    command: (folder: string) => [
      process.execPath,
      programs.floor,
      writeFloor(folder, statements, place, oneTransaction),
    ],
  })
  if (place === 'lake') {
    const each = { ...floor('a commit per model', false), isSlow: true }
    return [
      floor('floor, one transaction', true),
      millrace,
      ...(programs.commitsEach ? [each] : []),
    ]
  }
  return [floor('floor', false), millrace, ...dbts(verb, programs)]
}

function dbts(verb: string, { rustDbt, pythonDbt }: Programs): Contender[] {
  const env = { LD_LIBRARY_PATH: join(repository, bindings) }
  const words = (folder: string) => ['--project-dir', folder, '--profiles-dir', folder, '--quiet']
  const rust = (program: string): Contender => ({
    name: 'dbt 2.0.0a4 (Rust)',
    env,
    command: (folder) => [program, verb, ...words(folder)],
  })
  const python = (program: string): Contender => ({
    name: 'dbt 1.12.6 (Python)',
    isSlow: true,
    // Then it has the parse of an earlier run, as it mostly does.
    warmUp: (folder) => {
      spawnSync(program, ['parse', ...words(folder)], { cwd: folder })
    },
    command: (folder) => [program, verb, ...words(folder)],
  })
  return [
    ...(rustDbt === undefined ? [] : [rust(rustDbt)]),
    ...(pythonDbt === undefined ? [] : [python(pythonDbt)]),
  ]
}
