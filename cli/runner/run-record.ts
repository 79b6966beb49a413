/** What a run leaves behind: artifacts, the SQL that was compiled and sent, logs. */
import { join, resolve } from 'node:path'
import type { Config } from '../../core/config.ts'
import { MillraceError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'
import { writtenPath } from '../../transform/artifacts/written-path.ts'
import type {
  Adapter,
  CompiledNode,
  CompiledNodes,
  NodeRenderer,
  NodeResult,
  RunCommand,
  RunEvent,
  RunResult,
} from '../../transform/index.ts'
import { replaced } from '../../transform/run/node-renderer.ts'
import { type ArtifactArguments, artifactFolders } from './artifact-options.ts'
import { describeProject } from './describe-project.ts'
import { secretHider } from './hide-secrets.ts'
import { invocationArguments, invocationOf } from './invocation.ts'
import { openLogFile } from './log-file.ts'
import type { OpenedProject } from './open-project.ts'
import { parseVars } from './options.ts'
import { openProjectLog, type ProjectLog } from './project-log.ts'
import { queryLogText, type SentStatement, watchedAdapter } from './query-log.ts'
import { writeAll, writeArtifacts, writeCompiled } from './write-artifacts.ts'

export type RunRecord = {
  /** The adapter, watched. */
  readonly adapter: Adapter
  /** The project's renderer, watched. */
  readonly renderer: NodeRenderer
  readonly onEvent: (event: RunEvent) => void
  /** Where the SQL of a node is written to; undefined for one that was not compiled. */
  readonly compiledPathOf: (id: string) => string | undefined
  /** Writes everything; call it once, when the run has ended. */
  readonly finish: (result: RunResult) => Promise<void>
  /** Instead of it, when the run could not be carried out: what had ended was rolled back. */
  readonly abandon: (command: RunCommand) => Promise<void>
}

type Recorded = {
  readonly project: OpenedProject
  readonly config: Config
  readonly adapter: Adapter
  /** Secrets of the profile, which no log may show. */
  readonly hidden: readonly Secret[]
  readonly args: ArtifactArguments & { readonly vars?: string | undefined }
}

export function openRunRecord({ project, config, adapter, hidden, args }: Recorded): RunRecord {
  const { graph, renderer } = project
  const folders = artifactFolders(config, graph, args)
  const hide = secretHider({ ...project, hidden })
  const log = openProjectLog(folders, { ...project, hidden })
  const queries = openLogFile(join(folders.logs, 'query_log.sql'))
  const code = new Map<string, CompiledCode>()
  const sent = new Map<string, string[]>()
  const ended: NodeResult[] = []
  const started = Date.now()
  const write = (result: Written) =>
    unlessUnwritable(async () => {
      const compiled = await writeCompiled(graph, config.projectDir, folders, code)
      for (const [id, path] of await writeSent(project, config, folders.targetPath, sent)) {
        const node = compiled.get(id) ?? withoutCode
        compiled.set(id, { ...node, buildPath: path })
      }
      await writeResults({ project, config, args }, result, compiled)
    })
  return {
    adapter: watchedAdapter(adapter, {
      onStatement: (statement) => {
        queries.append(hide(queryLogText(statement)))
        log.line('debug', describeStatement(statement))
        const isUnitTest = graph.unitTests.has(statement.node ?? '')
        if (statement.by === 'runner' && statement.node !== undefined && !isUnitTest) {
          sent.set(statement.node, [...(sent.get(statement.node) ?? []), statement.sql])
        }
      },
    }),
    renderer: replaced<NodeRenderer>(renderer, {
      // A test that a batch answers is not rendered, and what it asks is told all the same.
      standardTest: (id) => {
        const found = renderer.standardTest(id)
        if (found !== undefined) code.set(id, found.code)
        return found
      },
      noteUnitTest: (id, { compiled: sql, sent: query }) => {
        code.set(id, { sql, macros: [], ctes: [] })
        if (query !== undefined) sent.set(id, [query])
      },
      render: async (id, state) => {
        const compiled = await renderer.compile(id, state)
        code.set(id, compiled)
        return compiled.sql
      },
    }),
    compiledPathOf: (id) => {
      const node = code.has(id) && (graph.nodes.get(id) ?? graph.unitTests.get(id))
      return node ? writtenPath(node, folders.targetPath, 'compiled') : undefined
    },
    onEvent: (event) => {
      if (event.kind === 'attempt') {
        sent.clear()
        ended.length = 0
      }
      if (event.kind === 'finished') ended.push(event.result)
      logEvent(log, event)
    },
    finish: async (result) => {
      await write(result)
      log.line('info', `Command \`millrace ${result.command}\` ended: ${result.outcome}`)
      queries.close()
      log.close()
    },
    abandon: async (command) => {
      const isGone = (result: NodeResult) => adapter.publish === 'atomic' && isDone(result)
      const results = ended.map((result) => ({ ...result, isRolledBack: isGone(result) }))
      await write({ command, results, elapsedMs: Date.now() - started })
      log.line('error', `Command \`millrace ${command}\` could not be carried out`)
      queries.close()
      log.close()
    },
  }
}

/** What artifacts tell of a run. */
type Written = Pick<RunResult, 'command' | 'results' | 'elapsedMs'> &
  Partial<Pick<RunResult, 'noOps'>>

function isDone({ status }: NodeResult): boolean {
  return status === 'success' || status === 'pass' || status === 'warn'
}

/** What was committed stays so: a folder that is read-only, as in many containers, must not make a run look failed. */
async function unlessUnwritable(write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== 'cli/cannot-write') throw error
    process.stderr.write(`warning: no artifacts of this run: ${error.message}\n`)
  }
}

type CompiledCode = CompiledNodes['code'] extends ReadonlyMap<string, infer Code> ? Code : never

/** A seed is loaded and has nothing to compile. */
const withoutCode: CompiledNode = {
  code: '',
  ctes: [],
  compiledPath: undefined,
  buildPath: undefined,
}

async function writeSent(
  { graph }: OpenedProject,
  { projectDir }: Config,
  targetPath: string,
  sent: ReadonlyMap<string, readonly string[]>,
): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  const paths = new Map<string, string>()
  for (const [id, statements] of sent) {
    const node = graph.nodes.get(id) ?? graph.unitTests.get(id)
    // What is sent for a seed names a file, and dbt copies its rows there instead; of hooks it writes nothing.
    if (node === undefined || node.kind === 'seed' || node.kind === 'operation') continue
    const path = writtenPath(node, targetPath, 'run')
    files.set(resolve(projectDir, path), `${statements.join(';\n\n')};\n`)
    paths.set(id, path)
  }
  writeAll(files)
  return paths
}

async function writeResults(
  { project, config, args }: Pick<Recorded, 'project' | 'config' | 'args'>,
  result: Written,
  compiled: ReadonlyMap<string, CompiledNode>,
): Promise<void> {
  const { graph } = project
  const { runResultsOf } = await import('../../transform/index.ts')
  const noOps = (result.noOps ?? []).map((noOp) => ({ ...noOp, elapsedMs: 0 }))
  await writeArtifacts(artifactFolders(config, graph, args), {
    ...(await describeProject(project, compiled)),
    'run_results.json': runResultsOf([...result.results, ...noOps], graph, {
      invocation: invocationOf(project),
      args: invocationArguments(result.command, args, parseVars(args.vars)),
      elapsedMs: result.elapsedMs,
      compiled,
    }),
  })
}

function describeStatement({ node, sql, elapsedMs, error }: SentStatement): string {
  const outcome = error === undefined ? 'SQL status: OK' : `SQL failed: ${error}`
  return `On ${node ?? 'master'}: ${sql.trim()}\n${outcome} in ${(elapsedMs / 1_000).toFixed(3)} seconds`
}

function logEvent(log: ProjectLog, event: RunEvent): void {
  switch (event.kind) {
    case 'attempt':
      log.line('debug', `Transaction ${event.attempt} begins`)
      break
    case 'started':
      log.line('debug', `Began running node ${event.node.id}`)
      break
    case 'finished': {
      const { id, status, message, elapsedMs } = event.result
      const failed = status === 'error' || status === 'fail'
      const took = `${status.toUpperCase()} ${id} in ${(elapsedMs / 1_000).toFixed(2)}s`
      const why = message === undefined ? '' : `: ${message}`
      log.line(failed ? 'error' : 'info', `${event.index} of ${event.total} ${took}${why}`)
      break
    }
    case 'retried':
      log.line('warn', `${event.node.id} is tried again: ${event.reason}`)
      break
    case 'ended':
      break
    default:
      event satisfies never
  }
}
