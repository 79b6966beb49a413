/** `--changed`: of what is selected only what would come out differently is run. */
import { lakeName } from '../../core/clients/lake/attach.ts'
import { problem } from '../../core/problems.ts'
import type { RunCommand } from '../../transform/index.ts'
import { withInterrupt } from '../interrupt.ts'
import type { GlobalArguments } from '../options.ts'
import { executeRun, type RunHooks } from './execute-run.ts'
import { logicOfProject } from './logic-of-project.ts'
import { type OpenedGraph, openProjectGraph } from './open-project.ts'
import { openSelection } from './open-selection.ts'
import type { RunArguments } from './options.ts'
import { openRunContext, type RunContext } from './run-context.ts'
import { reportWarnings } from './warnings.ts'

/** A node of a plan, and why it has to run, if it has to. */
export type Reason = { readonly id: string; readonly reason: string | undefined }

/** @returns exit code as `executeRun`; 0 when nothing has changed */
export async function executeChanged(
  command: RunCommand,
  args: RunArguments & GlobalArguments,
  hooks: RunHooks = {},
): Promise<number> {
  // `--full-refresh` says that all is to be made anew, changed or not.
  if (args.fullRefresh) return await executeRun(command, args, hooks)
  const reasons = await findReasons(command, args, hooks)
  const running = reasons.filter(({ reason }) => reason !== undefined)
  printReasons(reasons, args.quiet ? 'quiet' : args.format)
  if (running.length === 0) return 0
  const only = new Set(running.map(({ id }) => id))
  // What has landed was registered already.
  const { beforeRun: _, ...rest } = hooks
  return await executeRun(command, args, { ...rest, only })
}

async function findReasons(
  command: RunCommand,
  args: RunArguments & GlobalArguments,
  hooks: RunHooks,
): Promise<Reason[]> {
  await using context = await openRunContext(args)
  const { config, database } = context
  const project = await openProjectGraph(config, args, database, { withMacros: true })
  return await withInterrupt((signal) =>
    reasonsOf(command, args, { config, database, project, signal }, hooks),
  )
}

type OpenedPlace = Pick<RunContext, 'config' | 'database'> & {
  readonly project: OpenedGraph
  readonly signal: AbortSignal
}

/** Of each node that is selected, whether it has to run. @throws `model/changed-needs-lake` */
export async function reasonsOf(
  command: RunCommand,
  args: RunArguments & GlobalArguments,
  { config, database, project, signal }: OpenedPlace,
  hooks: Pick<RunHooks, 'beforeRun' | 'afterCommit'>,
): Promise<Reason[]> {
  const { graph } = project
  const { ducklakeAdapter, findChanged, planRun } = await import('../../transform/index.ts')
  const selection = await openSelection(graph, config, args)
  const plan = planRun(graph, { ...selection, command, fullRefresh: false })
  reportWarnings(plan.warnings, project.rules)
  if (database.lake === undefined) {
    throw problem('model/changed-needs-lake', { database: database.target.database })
  }
  const lake = await database.lake.open()
  const format = args.quiet ? 'quiet' : args.format
  await hooks.beforeRun?.({ config, lake, graph, format, signal })
  const session = await ducklakeAdapter(lake).connect()
  try {
    const { logicOf, save } = await logicOfProject(project, database.target)
    const reasons = await findChanged(plan, session, { graph, catalog: lakeName, logicOf })
    save()
    // An earlier run may have committed and then failed to publish.
    const isDone = reasons.every(({ reason }) => reason === undefined)
    if (isDone)
      await hooks.afterCommit?.({ snapshot: undefined }, { config, lake, graph, format, signal })
    return reasons
  } finally {
    session.close()
  }
}

/** Says what runs and why, and how much need not. */
export function printReasons(reasons: readonly Reason[], format: string): void {
  if (format === 'quiet') return
  const running = reasons.filter(({ reason }) => reason !== undefined)
  if (format === 'json') {
    for (const { id, reason } of reasons) {
      const event = reason === undefined ? 'node.unchanged' : 'node.changed'
      process.stdout.write(`${JSON.stringify({ event, unique_id: id, reason: reason ?? null })}\n`)
    }
    return
  }
  for (const { id, reason } of running) process.stdout.write(`${id}: ${reason}\n`)
  const unchanged = reasons.length - running.length
  const rest = unchanged === reasons.length ? '. Nothing to do.' : ', the others have to run.'
  process.stdout.write(`${unchanged} of ${reasons.length} nodes are as they were built${rest}\n`)
}
