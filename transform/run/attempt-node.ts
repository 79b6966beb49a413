/** One try at a node: executed on a session, timed, and stopped when it takes longer than it may. */
import type { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { RunnableNode } from '../plan/plan-run.ts'
import type { Session } from './adapter.ts'
import { executeNode } from './execute-node.ts'
import type { Findings, NodeContext } from './node-context.ts'
import { withRender } from './node-renderer.ts'
import { writtenRelation } from './node-result.ts'
import { requireOneStatement } from './one-statement.ts'
import type { Timing } from './result.ts'
import type { Run } from './run-dependencies.ts'
import { treatWarnings } from './treat-warnings.ts'

/** Told when a node was rendered and when executed, whether that went well or not. */
export type OnTimed = (timing: readonly Timing[]) => void

/** How often a statement that has to stop is told so again: between two statements nothing listens. */
const interruptAgainMs = 50

/** @throws DuckDB's error, or a problem of the node, `model/timed-out` among them */
export async function attemptNode(
  node: RunnableNode,
  { session, state, transaction }: Pick<NodeContext, 'session' | 'state' | 'transaction'>,
  run: Run,
  onTimed: OnTimed,
): Promise<Findings> {
  const { plan, renderer, clock, runId, startedAt } = run
  const began = clock.now()
  let rendering = began
  let rendered = began
  let isRendered = false
  const warned: MillraceError[] = []
  const own = session.for(node.id, (database) =>
    state.lookups.over(database, writtenRelation(node)?.name),
  )
  const timed = withRender(renderer, async (id, renderState) => {
    if (rendered === began) rendering = clock.now()
    try {
      const sql = await renderer.render(id, {
        warnings: warned,
        isIncremental: false,
        ...renderState,
      })
      if (isQuery(node, run)) requireOneStatement(node, sql)
      isRendered = true
      return sql
    } finally {
      rendered = clock.now()
    }
  })
  const execute = () =>
    executeNode(node, {
      session: own,
      state,
      renderer: timed,
      plan,
      files: run.files,
      scratch: run.scratch,
      fullRefresh: plan.fullRefresh,
      ...(transaction && { transaction }),
      run: { runId, at: startedAt },
    })
  try {
    const found = await withinTime(node, session, execute)
    isRendered = true // a node that is not rendered has been executed all the same
    const all = [...unheard(warned, run.graph.warnings), ...(found.warnings ?? [])]
    const { refused, told } = treatWarnings(all, renderer)
    if (refused !== undefined) throw refused
    return { ...found, warnings: told }
  } finally {
    const compiled = timing('compile', rendering, rendered)
    onTimed(isRendered ? [compiled, timing('execute', rendered, clock.now())] : [compiled])
  }
}

/** Without what the template warned of already when the project was parsed. */
function unheard(
  warned: readonly MillraceError[],
  heard: readonly MillraceError[],
): MillraceError[] {
  return warned.filter((one) => !heard.some(({ message }) => message === one.message))
}

/** A materialization of the project's own may do with the text what it likes. */
function isQuery(node: RunnableNode, { renderer }: Run): boolean {
  const isSql = node.kind === 'snapshot' || (node.kind === 'model' && node.language === 'sql')
  return isSql && renderer.replacing(node.id) === undefined
}

export function timing(name: Timing['name'], from: number, to: number): Timing {
  return { name, startedAt: iso(from), completedAt: iso(to) }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

/** The config `timeout`, in seconds. */
async function withinTime<T>(
  node: RunnableNode,
  session: Session,
  work: () => Promise<T>,
): Promise<T> {
  const seconds = Number(node.config['timeout'] ?? 0)
  if (!(seconds > 0)) return await work()
  let isLate = false
  let timer = setTimeout(function stop() {
    isLate = true
    session.interrupt()
    timer = setTimeout(stop, interruptAgainMs)
  }, seconds * 1_000)
  try {
    return await work()
  } catch (cause) {
    if (!isLate) throw cause
    throw problem('model/timed-out', { node: node.name, seconds }, { cause })
  } finally {
    clearTimeout(timer)
  }
}

/** Stops every session as soon as the signal says so, and again until it is released. */
export function interruptOn(
  signal: AbortSignal | undefined,
  sessions: readonly Pick<Session, 'interrupt'>[],
): Disposable {
  let timer: NodeJS.Timeout | undefined
  const stop = () => {
    for (const session of sessions) session.interrupt()
    timer = setTimeout(stop, interruptAgainMs)
  }
  if (signal?.aborted) stop()
  signal?.addEventListener('abort', stop)
  return {
    [Symbol.dispose]: () => {
      signal?.removeEventListener('abort', stop)
      clearTimeout(timer)
    },
  }
}
