/** What `run`, `test`, `build` and `seed` do: compile, plan, run in one lake transaction, print. */
import type { Lake } from '../../core/clients/lake.ts'
import { systemClock } from '../../core/clock.ts'
import type { Config } from '../../core/config.ts'
import { problem } from '../../core/problems.ts'
import type {
  Graph,
  Plan,
  RunCommand,
  RunDependencies,
  RunRequest,
  RunResult,
  Target,
} from '../../transform/index.ts'
import { isPublished } from '../../transform/run/result.ts'
import { withInterrupt } from '../interrupt.ts'
import type { GlobalArguments } from '../options.ts'
import { printError } from '../print-error.ts'
import { artifactFolders } from './artifact-options.ts'
import { type Durations, readDurations } from './earlier-durations.ts'
import { latentOf } from './latent-problems.ts'
import { logicOfProject } from './logic-of-project.ts'
import { type OpenedProject, openProject } from './open-project.ts'
import { openSelection } from './open-selection.ts'
import { type RunArguments, widthOf } from './options.ts'
import { authorName, projectRevision } from './origin.ts'
import type { EventPrinterInputs } from './print-events.ts'
import { openRunPrinter } from './print-run.ts'
import { concurrencyLine, connectionCount } from './publish-mode.ts'
import { eventTimesOf, readingOf } from './reading.ts'
import { requireSources } from './require-sources.ts'
import { openRunContext, type RunContext } from './run-context.ts'
import { openRunRecord, type RunRecord } from './run-record.ts'
import { showSeeds } from './show-seeds.ts'
import { foundLine } from './stat-lines.ts'
import { printWarning, reportWarnings } from './warnings.ts'

/** What a step around a run works with. */
export type RunSurroundings = {
  readonly config: Config
  readonly lake: Lake
  readonly graph: Graph
  readonly format: string
  readonly signal: AbortSignal
}

/** What other commands add to a run: steps around it, and a narrower choice. */
export type RunHooks = {
  /** Ids to run of what is selected; all of it by default. */
  readonly only?: ReadonlySet<string>
  /** Batches of microbatch models to build, by model; by default what is due. */
  readonly batches?: RunRequest['batches']
  /** Before anything is read: landed files are registered here. */
  readonly beforeRun?: (surroundings: RunSurroundings) => Promise<void>
  /** What is going to run, before it does. */
  readonly onPlan?: (plan: Plan) => void
  /** How it went, before it is written down. */
  readonly onResult?: (result: RunResult) => void | Promise<void>
  /** Whether rows of the seeds are printed. */
  readonly showsSeeds?: boolean
  /** After a commit: what was built is published here. */
  readonly afterCommit?: (
    result: Pick<RunResult, 'snapshot'>,
    surroundings: RunSurroundings,
  ) => Promise<void>
}

/** @returns exit code 0, or 1 when a model or data test failed */
export async function executeRun(
  command: RunCommand,
  args: RunArguments & GlobalArguments,
  hooks: RunHooks = {},
): Promise<number> {
  const flags = args.threads === undefined ? {} : { duckdb: { threads: args.threads } }
  await using context = await openRunContext(args, flags)
  const { config, database } = context
  if (!args.dryRun) database.begin()
  const project = await openProject(config, args, database)
  let settled: Promise<void> | undefined
  const onResult = async (result: RunResult) => {
    await hooks.onResult?.(result)
    settled = (await database.settle()).ended
  }
  try {
    return await runOpened(command, args, { config, database, project }, { ...hooks, onResult })
  } finally {
    await settled
  }
}

/** What a run works on, and what stays open after it. */
export type OpenedRun = Pick<RunContext, 'config' | 'database'> & {
  readonly project: OpenedProject
  /** Of a caller who watches for Ctrl-C already. */
  readonly signal?: AbortSignal
}

/** One run of what has been opened and parsed. @returns as `executeRun` */
export async function runOpened(
  command: RunCommand,
  args: RunArguments & GlobalArguments,
  opened: OpenedRun,
  hooks: RunHooks,
): Promise<number> {
  const { config, database, project } = opened
  const { graph } = project
  const { outageOf, planRun } = await import('../../transform/index.ts')
  const selection = await openSelection(graph, config, args)
  const { only, batches } = hooks
  const eventTimes = await eventTimesOf(args)
  const { fullRefresh } = args
  const plan = planRun(graph, { ...selection, command, fullRefresh, eventTimes, only, batches })
  reportWarnings(plan.warnings, project.rules)
  printNotRunYet(plan)
  hooks.onPlan?.(plan)
  const undefinedNames = latentOf(project, idsOf(plan, graph), 'run')
  if (undefinedNames.length > 0) {
    printError(new AggregateError(undefinedNames.map((one) => one.problem)), false)
    // As in dbt, where the node fails, or all of the run with a hook of its own.
    return undefinedNames.some(({ node }) => graph.nodes.get(node)?.kind === 'operation') ? 2 : 1
  }
  const format = args.quiet ? 'quiet' : args.logFormat === 'json' ? 'events' : args.format
  if (format === 'text') process.stdout.write(`${foundLine(graph)}\n`)
  if (args.dryRun) {
    printPlan(plan, args.format)
    return 0
  }
  return await interruptible(opened.signal, async (signal) => {
    const lake = await database.lake?.open()
    // Landing and publishing are of the lake; a database of the user's own has neither.
    const surroundings = lake && { config, lake, graph, format, signal }
    if (surroundings !== undefined) await hooks.beforeRun?.(surroundings)
    if (plan.stages.length === 0) {
      const what = 'node that this command runs'
      reportWarnings([problem('model/nothing-to-do', { what })], project.rules)
      return 0
    }
    if (lake !== undefined) await requireSources(lake, graph, plan)
    const adapter = await database.adapterFor(plan, args.publish)
    const connections = adapter.publish === 'atomic' ? 1 : connectionCount(database.threads)
    const selected = new Set(plan.stages.map(({ node }) => node.id))
    const reading = await readingOf(args, { graph, config, database, selected, builds: true })
    const renderer = project.renderer.with(reading)
    const record = openRunRecord({
      project: { ...project, renderer },
      config,
      adapter,
      hidden: database.hidden,
      args,
    })
    // Only who runs several at once, or sees what is left, makes use of it.
    const isAsked = connections > 1 || (format === 'text' && process.stderr.isTTY)
    const durations = isAsked ? await readDurations(artifactFolders(config, graph, args)) : unknown
    const withDebug = args.logLevel === 'debug'
    const width = widthOf(project)
    const printing = { withDebug, target: database.target.name, durations, width }
    if (format === 'text') {
      const { publish: asked } = args
      const line = { publish: adapter.publish, connections, target: database.target.name, asked }
      process.stdout.write(`${concurrencyLine(line)}\n`)
    }
    const { saveLogic, ...kept } = adapter.keepsHistory
      ? await keptWith(project, config, database.target, {
          isUsual: isUsual(args) && eventTimes === undefined && !batches?.size,
        })
      : {}
    const result = await runOn(record, plan, project, format, printing, {
      signal,
      threads: connections,
      weightOf: (id) => durations.get(id),
      failFast: args.failFast,
      retries: args.retries,
      ...kept,
    })
    saveLogic?.()
    await hooks.onResult?.(result)
    await record.finish(result)
    if (result.outcome === 'interrupted') {
      const isGone = result.publish === 'atomic' && !isPublished(result)
      const published = isGone ? ', with nothing published,' : ''
      throw problem('cli/interrupted', { what: `millrace ${command}${published}` })
    }
    const outage = outageOf(result)
    if (outage !== undefined) throw outage
    const isCommitted = result.outcome === 'committed'
    if (isCommitted && surroundings !== undefined) await hooks.afterCommit?.(result, surroundings)
    // What was rolled back is not there.
    const isThere = isCommitted || result.publish === 'per-node'
    if (hooks.showsSeeds && isThere && format === 'text') await showSeeds(result, database)
    return isCommitted ? 0 : 1
  })
}

/** No node has run before. */
const unknown: Durations = new Map()

function interruptible<T>(
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return signal === undefined ? withInterrupt(work) : work(signal)
}

async function runOn(
  record: RunRecord,
  plan: Plan,
  { graph, invocationId }: OpenedProject,
  format: string,
  printing: Pick<EventPrinterInputs, 'withDebug' | 'target' | 'width'> & {
    readonly durations: Durations
  },
  options: Omit<RunDependencies, 'graph' | 'renderer' | 'adapter' | 'clock' | 'runId' | 'onEvent'>,
): Promise<RunResult> {
  const { runPlan } = await import('../../transform/index.ts')
  const printer = openRunPrinter(format, {
    graph,
    invocationId,
    ...printing,
    threads: options.threads ?? 1,
    compiledPathOf: record.compiledPathOf,
    planned: plan.stages.map(({ node }) => node.id),
  })
  const result = await runPlan(plan, {
    ...options,
    graph,
    renderer: record.renderer,
    adapter: record.adapter,
    clock: systemClock,
    runId: invocationId,
    onEvent: (event) => {
      record.onEvent(event)
      printer.event(event)
      if (event.kind === 'finished')
        for (const one of event.result.warnings ?? []) printWarning(one)
    },
  }).catch(async (error: unknown) => {
    await record.abandon(plan.command)
    throw error
  })
  printer.finish(result)
  return result
}

/** What the lake keeps with a run. */
async function keptWith(
  project: OpenedProject,
  { projectDir }: Config,
  target: Target,
  { isUsual }: { readonly isUsual: boolean },
): Promise<Pick<RunDependencies, 'origin' | 'logicOf'> & { readonly saveLogic?: () => void }> {
  const revision = await projectRevision(projectDir)
  const origin = { author: authorName(), revision }
  if (!isUsual) return { origin }
  const { logicOf, save } = await logicOfProject(project, target)
  return { origin, logicOf, saveLogic: save }
}

/** Whether nodes read what they always read: what `--empty` has built is no state for `--changed` to trust. */
function isUsual({ empty, sample, defer }: RunArguments): boolean {
  return !empty && sample === undefined && !defer
}

/** What a run renders: the nodes of its plan, and the hooks before and after them. */
function idsOf({ stages }: Plan, { nodes }: Graph): string[] {
  const operations = [...nodes.values()].filter(({ kind }) => kind === 'operation')
  return [...stages.map(({ node }) => node), ...operations].map(({ id }) => id)
}

/** One line a kind: a project may have hundreds of unit tests. */
function printNotRunYet({ notRunYet }: Plan): void {
  for (const [kind, nodes] of Map.groupBy(notRunYet, (node) => node.kind)) {
    const ids = nodes.map(({ id }) => id).join(', ')
    process.stderr.write(`warning: left out, because no ${kind} is run yet: ${ids}\n`)
  }
}

function printPlan(plan: Plan, format: string): void {
  for (const [index, { node, waitsFor }] of plan.stages.entries()) {
    const materialized = node.kind === 'model' ? node.materialized : node.kind
    const relation =
      node.kind === 'test' || node.kind === 'unit_test'
        ? node.name
        : `${node.relation.schema}.${node.relation.name}`
    if (format === 'json') {
      const stage = {
        unique_id: node.id,
        kind: node.kind,
        materialized,
        relation,
        waits_for: waitsFor,
      }
      process.stdout.write(`${JSON.stringify(stage)}\n`)
    } else {
      process.stdout.write(`${index + 1} of ${plan.stages.length} ${materialized} ${relation}\n`)
    }
  }
}
