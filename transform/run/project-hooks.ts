/**
 * `on-run-start` and `on-run-end`. As in dbt they stand outside of the run's transaction: each is committed by itself,
 * before the first node and after the last, so that what they write down stays when the run is rolled back.
 */
import type { MillraceError } from '../../core/errors.ts'
import type { OperationNode } from '../compile/graph.ts'
import type { OpenSession, Session } from './adapter.ts'
import { interruptOn, timing } from './attempt-node.ts'
import { hookNames } from './hook-names.ts'
import { makeSchemas } from './make-schemas.ts'
import { explain, resultOf } from './node-result.ts'
import { openTransaction } from './open-transaction.ts'
import type { NodeResult } from './result.ts'
import { outageIn } from './retries.ts'
import type { Run } from './run-dependencies.ts'
import { RunState } from './run-state.ts'
import { treatWarnings } from './treat-warnings.ts'

/**
 * Runs the hooks of one end of a run, those of the project first; after one that fails the others are skipped.
 * @param done results of the run's nodes, for the hooks at its end
 * @throws a problem of a hook's template: then the run does not go on
 */
export async function runProjectHooks(
  when: OperationNode['when'],
  run: Run,
  done: readonly NodeResult[] = [],
): Promise<NodeResult[]> {
  const { adapter, plan, signal } = run
  const hooks = plan.hooks.filter((hook) => hook.when === when)
  if (hooks.length === 0) return []
  const session = await adapter.connect()
  try {
    using _ = interruptOn(signal, [session])
    // Hooks write to the schemas of the nodes, which dbt has made by now.
    if (when === 'on-run-start') await makeMissingSchemas(run, session)
    const names = when === 'on-run-end' ? hookNames(run.renderer, done) : undefined
    const results: NodeResult[] = []
    for (const [at, hook] of hooks.entries()) {
      if (signal?.aborted) break
      const place = { index: at + 1, total: hooks.length }
      const title = titleOf(hook, at)
      const hasFailed = results.some(({ status }) => status !== 'success')
      const result = hasFailed
        ? resultOf(hook, { status: 'skipped', message: `${title} skipped`, failures: 1 })
        : await runHook(hook, title, place, session, run, names)
      results.push(result)
      run.onEvent?.({ kind: 'finished', result, ...place })
    }
    return results
  } finally {
    session.close()
  }
}

async function makeMissingSchemas(run: Run, session: Session): Promise<void> {
  try {
    await makeSchemas(run, session, await RunState.load(session, run.adapter, run.graph))
  } catch (error) {
    throw outageIn(error, run.adapter, 1) ?? error
  }
}

/** dbt's name of a hook, as its messages say it: counted through all packages. */
function titleOf({ package: owner, when }: OperationNode, at: number): string {
  return `${owner}.${when}.${at}`
}

async function runHook(
  hook: OperationNode,
  title: string,
  place: { readonly index: number; readonly total: number },
  session: OpenSession,
  { adapter, renderer, clock, onEvent, plan, runId }: Run,
  names: ReadonlyMap<string, unknown> | undefined,
): Promise<NodeResult> {
  const started = clock.now()
  const own = session.for(hook.id)
  const thread = 'main'
  const warnings: MillraceError[] = []
  const progress = () => session.progress()
  onEvent?.({ kind: 'started', node: hook, ...place, thread, progress })
  let rendered: number | undefined
  const course = () => {
    const ended = clock.now()
    const steps = [
      timing('compile', started, rendered ?? ended),
      ...(rendered === undefined ? [] : [timing('execute', rendered, ended)]),
    ]
    return { elapsedMs: ended - started, thread, timing: steps }
  }
  const failed = (error: unknown) => {
    const outage = outageIn(error, adapter, 1)
    const message = `${title} failed, error:\n ${explain(outage ?? error)}`
    const result = resultOf(hook, { status: 'error', message, failures: 1 }, course())
    return outage === undefined ? result : { ...result, outage }
  }
  const transaction = openTransaction(
    session,
    own.database,
    `${plan.command} ${runId}: ${hook.name}`,
  )
  try {
    const sql = await renderer.render(hook.id, {
      isIncremental: false,
      database: transaction.database,
      warnings,
      ...(names && { names }),
    })
    rendered = clock.now()
    const failure = sql.trim() === '' ? undefined : await failureOf(own, sql)
    if (failure !== undefined) return failed(failure.error)
    const { refused, told } = treatWarnings(warnings, renderer)
    if (refused !== undefined) throw refused
    await transaction.commit()
    const message = `${title} passed`
    return resultOf(hook, { status: 'success', message, failures: 0, warnings: told }, course())
  } catch (error) {
    // Also while its template asks, and while what it wrote is committed.
    if (outageIn(error, adapter, 1) === undefined) throw error
    return failed(error)
  } finally {
    await transaction.rollback()
  }
}

/** What keeps a statement from being carried out, if something does. */
async function failureOf(
  session: Session,
  sql: string,
): Promise<{ readonly error: unknown } | undefined> {
  try {
    await session.execute(sql)
    return undefined
  } catch (error) {
    return { error }
  }
}
