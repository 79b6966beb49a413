/** dbt-style projects for tests: written inline, compiled, and run on a lake of their own in a temporary folder. */
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openDuckdb, queryRows, type Row } from '../../core/clients/duckdb.ts'
import { type Lake, openLake } from '../../core/clients/lake.ts'
import { systemClock } from '../../core/clock.ts'
import type { MillraceError } from '../../core/errors.ts'
import {
  type Adapter,
  type Compiled,
  type CompileInputs,
  compileNodes,
  compileProject,
  ducklakeAdapter,
  type LogicOf,
  loadProject,
  manifestNode,
  planRun,
  type Reading,
  type RunCommand,
  type RunDependencies,
  type RunResult,
  runPlan,
  type TimeWindow,
} from '../../transform/index.ts'
import { extensionDirectory } from './extension-directory.ts'

export type Files = Readonly<Record<string, string>>

/** A folder that goes when the test ends (`await using`). */
export type TestFolder = AsyncDisposable & { readonly path: string }

export async function makeFolder(): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), 'millrace-project-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

const settings = 'name: shop\n'

/** Writes files of a project; `dbt_project.yml` only names it `shop` unless it is given. */
export async function writeProject(folder: string, files: Files): Promise<string> {
  for (const [file, text] of Object.entries({ 'dbt_project.yml': settings, ...files })) {
    const path = join(folder, file)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
  return folder
}

export type CompileOverrides = {
  readonly vars?: Readonly<Record<string, unknown>>
  readonly environment?: Readonly<Record<string, string>>
  readonly fullRefresh?: boolean
  /** Name of the catalog; default `lake`. */
  readonly database?: string
  /** What templates query. */
  readonly templates?: CompileInputs['database']
}

/** Loads and compiles; problems are in the graph. */
export async function compileFolder(
  folder: string,
  overrides: CompileOverrides = {},
): Promise<Compiled> {
  const project = await loadProject(folder)
  return await compileProject(project, {
    target: {
      name: 'test',
      database: overrides.database ?? 'lake',
      schema: 'main',
      type: 'duckdb',
      threads: 1,
    },
    vars: overrides.vars ?? {},
    environment: overrides.environment ?? {},
    md5: (text) => createHash('md5').update(text).digest('hex'),
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    startedAt: '2024-11-25T12:00:00.000Z',
    invocationId: 'test',
    fullRefresh: overrides.fullRefresh === true,
    describeNode: manifestNode,
    ...(overrides.templates && { database: overrides.templates }),
  })
}

export type CompiledFiles = Compiled & {
  /** The SQL of every node, by id. */
  readonly sql: ReadonlyMap<string, string>
}

/** Writes, parses and renders all in one go, in a folder that is gone afterwards; problems of both are in the graph. */
export async function compileFiles(
  files: Files,
  overrides?: CompileOverrides,
): Promise<CompiledFiles> {
  await using folder = await makeFolder()
  const { graph, renderer } = await compileFolder(await writeProject(folder.path, files), overrides)
  const listed = new Set(graph.problems.map(({ message }) => message))
  const placeOf = ({ at }: MillraceError) => `${at?.file}:${at?.line}:${at?.column}`
  const latent = new Set(graph.latent.map(({ problem }) => placeOf(problem)))
  const unknown = ['model/unknown-ref', 'model/unknown-source']
  const { code, problems } = await compileNodes(graph, renderer, graph.nodes.keys())
  const others = problems.filter(
    (one) => !listed.has(one.message) && !unknown.includes(one.code) && !latent.has(placeOf(one)),
  )
  return {
    graph: { ...graph, problems: [...graph.problems, ...others] },
    renderer,
    sql: new Map([...code].map(([id, { sql }]) => [id, sql])),
  }
}

/** The SQL of all nodes whose ids begin so, in the order of their ids. */
export function sqlsOf({ sql }: CompiledFiles, prefix: string): string[] {
  return [...sql].filter(([id]) => id.startsWith(prefix)).map(([, text]) => text)
}

/** A lake with a SQLite catalog in the folder. */
export async function openFolderLake(folder: string): Promise<Lake> {
  const duckdb = await openDuckdb({
    extensionDirectory,
    extensions: ['ducklake', 'sqlite_scanner'],
    threads: 2,
  })
  return await openLake(duckdb, {
    catalog: { kind: 'sqlite', path: join(folder, 'lake.sqlite') },
    dataPath: `${join(folder, 'data')}/`,
  })
}

export type RunOverrides = CompileOverrides & {
  readonly command?: RunCommand
  readonly select?: readonly string[]
  /** What microbatch models build. */
  readonly eventTimes?: TimeWindow | undefined
  /** What nodes read, other than what stands in the database. */
  readonly reading?: Reading
  /** Written down with each node, where it is given. */
  readonly logicOf?: (compiled: Compiled) => LogicOf
} & Pick<RunDependencies, 'signal' | 'onEvent' | 'publish' | 'threads' | 'failFast' | 'retries'>

/** Compiles the folder's project and runs it. @throws the first problem of the project */
export async function runFolder(
  folder: string,
  lake: Lake | Adapter,
  overrides: RunOverrides = {},
): Promise<RunResult> {
  const compiled = await compileFolder(folder, overrides)
  const { graph, renderer } = compiled
  const [problem] = graph.problems
  if (problem !== undefined) throw problem
  const plan = planRun(graph, {
    command: overrides.command ?? 'build',
    select: overrides.select ?? [],
    exclude: [],
    fullRefresh: overrides.fullRefresh === true,
    eventTimes: overrides.eventTimes,
  })
  const adapter = 'kind' in lake ? lake : ducklakeAdapter(lake)
  const { signal, onEvent, publish, threads, failFast, retries } = overrides
  return await runPlan(plan, {
    graph,
    renderer: overrides.reading === undefined ? renderer : renderer.with(overrides.reading),
    adapter,
    clock: systemClock,
    runId: randomUUID(),
    ...(signal && { signal }),
    ...(onEvent && { onEvent }),
    ...(publish && { publish }),
    ...(failFast && { failFast }),
    ...(retries !== undefined && { retries }),
    ...(threads && { threads }),
    ...(overrides.logicOf && { logicOf: overrides.logicOf(compiled) }),
  })
}

/** Runs SQL on the lake and gives the rows. */
export function queryLake(lake: Lake, sql: string): Promise<Row[]> {
  return lake.read((connection) => queryRows(connection, sql))
}

/** Status of each node by name. */
export function statuses({ results }: RunResult): Record<string, string> {
  return Object.fromEntries(results.map(({ name, status }) => [name, status]))
}

/** Message of one node. */
export function messageOf({ results }: RunResult, name: string): string | undefined {
  return results.find((result) => result.name === name)?.message
}
