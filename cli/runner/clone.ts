/** `clone`: selected nodes as the project of `--state` has built them, without building them. */
import type { ArgumentsCamelCase, InferredOptionTypes, Options } from 'yargs'
import { systemClock } from '../../core/clock.ts'
import { problem } from '../../core/problems.ts'
import type { Cloned, GraphNode } from '../../transform/index.ts'
import { withInterrupt } from '../interrupt.ts'
import type { GlobalArguments } from '../options.ts'
import { artifactFolders } from './artifact-options.ts'
import { describeProject } from './describe-project.ts'
import { invocationArguments, invocationOf } from './invocation.ts'
import { loadState } from './load-state.ts'
import { openProject } from './open-project.ts'
import { openSelection } from './open-selection.ts'
import { kindOptions, parseVars, selectionOptions } from './options.ts'
import { openProjectLog } from './project-log.ts'
import { openRunContext } from './run-context.ts'
import { doneLine } from './stat-lines.ts'
import { reportWarnings } from './warnings.ts'
import { writeArtifacts } from './write-artifacts.ts'

export const cloneOptions = {
  ...selectionOptions,
  ...kindOptions,
  'defer-state': {
    type: 'string',
    describe: 'Folder of the state to clone from, when it is another one than --state',
    requiresArg: true,
  },
  'full-refresh': {
    type: 'boolean',
    alias: 'f',
    default: false,
    describe: 'Replace what is there; without it, what is there stays',
  },
  quiet: {
    type: 'boolean',
    alias: 'q',
    default: false,
    describe: 'Print only what failed',
  },
} as const satisfies Record<string, Options>

export type CloneArguments = ArgumentsCamelCase<InferredOptionTypes<typeof cloneOptions>>

/**
 * @param only ids of the nodes to clone, of those that are selected; all of them by default
 * @returns exit code 0, or 1 when a node could not be cloned
 */
export async function executeClone(
  args: CloneArguments & GlobalArguments,
  only?: ReadonlySet<string>,
): Promise<number> {
  const started = systemClock.now()
  await using context = await openRunContext(args)
  const { config, database } = context
  const project = await openProject(config, args, database)
  const { graph, invocationId } = project
  const folder = args.deferState ?? args.state
  if (folder === undefined) throw refused('clone needs a state: name its folder with --state.')
  const { manifest } = await loadState(folder, config.projectDir, graph.targetPath)
  if (manifest === undefined) throw refused(`clone needs a manifest.json in ${folder}.`)
  const { cloneNodes, commandFilter, runResultsOf, selectNodes } = await import(
    '../../transform/index.ts'
  )
  const selection = await openSelection(graph, config, args)
  const selected = selectNodes(graph, selection, commandFilter('clone', selection))
  const what = 'node that can be cloned'
  const none = selected.nodes.length === 0 ? [problem('model/nothing-to-do', { what })] : []
  reportWarnings([...selected.warnings, ...none], project.rules)
  const nodes = selected.nodes.flatMap(({ id }): GraphNode[] => {
    const node = only === undefined || only.has(id) ? graph.nodes.get(id) : undefined
    return node === undefined ? [] : [node]
  })
  const cloned = await withInterrupt(async (signal) => {
    const adapter = await database.adapterFor({ stages: [] })
    const request = { nodes, manifest, fullRefresh: args.fullRefresh }
    const dependencies = { graph, adapter, clock: systemClock, runId: invocationId, signal }
    return await cloneNodes(request, dependencies)
  })
  const folders = artifactFolders(config, graph, args)
  const log = openProjectLog(folders, project)
  for (const { message } of cloned) if (message !== undefined) log.line('info', message)
  await writeArtifacts(folders, {
    ...(await describeProject(project)),
    'run_results.json': runResultsOf(cloned.map(reported), graph, {
      invocation: invocationOf(project),
      args: invocationArguments('clone', args, parseVars(args.vars)),
      elapsedMs: systemClock.now() - started,
    }),
  })
  print(cloned, args.quiet)
  return cloned.some(({ status }) => status === 'error') ? 1 : 0
}

function refused(reason: string) {
  return problem('cli/bad-arguments', { reason, command: 'millrace clone' })
}

function reported({ id, status, isDone, message, elapsedMs }: Cloned) {
  const said = status === 'error' ? message : isDone ? 'OK' : 'No-op'
  return { id, status, message: said, elapsedMs, ...(isDone ? {} : { adapterResponse: {} }) }
}

function print(cloned: readonly Cloned[], isQuiet: boolean): void {
  const write = (line: string) => process.stdout.write(`${line}\n`)
  const failed = cloned.filter(({ status }) => status === 'error')
  if (!isQuiet) {
    for (const { status, message } of cloned) {
      if (status === 'success' && message !== undefined) write(message)
    }
  }
  for (const { id, message } of failed) write(`Error in ${id}\n  ${message}`)
  if (isQuiet) return
  const errors = failed.length === 1 ? '1 error' : `${failed.length} errors`
  write(failed.length === 0 ? 'Completed successfully' : `Completed with ${errors}`)
  const passed = cloned.length - failed.length
  const none = { warn: 0, skip: 0, noop: 0, reused: 0 }
  write(doneLine({ ...none, pass: passed, error: failed.length, total: cloned.length }))
}
