/** A fixture as Millrace sees it, in the shape of a recording. */
import { createHash } from 'node:crypto'
import { DuckDBInstance } from '@duckdb/node-api'
import type { MillraceError } from '../../core/errors.ts'
import { manifestNode, manifestOf } from '../../transform/artifacts/manifest.ts'
import type { CompiledNode } from '../../transform/artifacts/node-details.ts'
import {
  type CompileInputs,
  compileNodes,
  compileProject,
  type Graph,
  loadProject,
  type Relation,
  templateDatabase,
} from '../../transform/index.ts'
import { type Fixture, lsCalls } from './fixtures.ts'
import { listNodes } from './ls.ts'
import { type Recording, toRecording } from './recording.ts'

export type Ours = Recording & {
  /** What Millrace finds wrong with a project that dbt compiles. */
  readonly problems: readonly string[]
}

const startedAt = '2024-11-25T12:00:00.000Z'
const hashed = (algorithm: string) => (text: string) =>
  createHash(algorithm).update(text).digest('hex')

/** Compiles the fixture in its folder; nothing is written. */
export async function compileFixture(fixture: Fixture): Promise<Ours> {
  await using database = openDatabase(fixture.setup)
  const inputs: CompileInputs = {
    target: {
      name: fixture.target,
      database: 'conformance',
      schema: fixture.target === 'prod' ? 'prod' : 'main',
      type: 'duckdb',
      profileName: 'conformance',
      path: 'conformance.duckdb',
      threads: fixture.target === 'prod' ? 4 : 1,
    },
    vars: fixture.vars,
    environment: fixture.environment,
    md5: hashed('md5'),
    sha256: hashed('sha256'),
    startedAt,
    invocationId: '00000000-0000-4000-8000-000000000000',
    fullRefresh: false,
    flags: { which: 'compile' },
    database: database.templates,
    describeNode: manifestNode,
  }
  const { graph, renderer } = await compileProject(await loadProject(fixture.folder), inputs)
  const { code, problems } = await compileNodes(
    graph,
    renderer.with({ selected: new Set(graph.nodes.keys()) }),
    graph.nodes.keys(),
    database.hasTable,
  )
  const compiled = new Map(
    [...code].map(([id, { sql, ...rest }]): [string, CompiledNode] => [
      id,
      { code: sql, ...rest, compiledPath: undefined, buildPath: undefined },
    ]),
  )
  const invocation = { id: inputs.invocationId, startedAt, generatedAt: startedAt, environment: {} }
  const ls = Object.fromEntries(lsCalls(fixture).map((line) => [line, list(graph, line)]))
  return {
    ...toRecording(manifestOf(graph, { invocation, compiled }), ls, graph.warnings.map(nameOf)),
    problems: [...graph.problems, ...problems].map(({ code, message }) => `${code}: ${message}`),
  }
}

/** A selection that we refuse and dbt answers is a difference like any other. */
function list(graph: Graph, line: string): string[] {
  try {
    return listNodes(graph, line)
  } catch (error) {
    return [String(error)]
  }
}

/** A deprecation is named as dbt names it, at the head of its message. */
function nameOf({ code, message }: MillraceError): string {
  return /^\w+Deprecation(?=:)/.exec(message)?.[0] ?? code
}

/** DuckDB in memory under the name that the file of dbt's profile has; opened when a template asks. */
function openDatabase(setup: string | undefined) {
  let opened: Promise<DuckDBInstance> | undefined
  const open = async () => {
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    await connection.run(`attach ':memory:' as conformance; use conformance; ${setup ?? ''}`)
    connection.closeSync()
    return instance
  }
  return {
    templates: templateDatabase(async (work) => {
      opened ??= open()
      const connection = await (await opened).connect()
      try {
        await connection.run('use conformance')
        return await work(connection)
      } finally {
        connection.closeSync()
      }
    }),
    hasTable: async ({ catalog, schema, name }: Relation): Promise<boolean> => {
      opened ??= open()
      const connection = await (await opened).connect()
      try {
        const found = await connection.runAndReadAll(
          `select 1 from information_schema.tables
           where table_catalog = ? and table_schema = ? and table_name = ? and table_type <> 'VIEW'`,
          [catalog, schema, name],
        )
        return found.currentRowCount > 0
      } finally {
        connection.closeSync()
      }
    },
    [Symbol.asyncDispose]: async () => (await opened)?.closeSync(),
  }
}
