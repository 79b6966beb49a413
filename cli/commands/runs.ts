/** `millrace runs`: what was run, and how it went. */
import { lakeName } from '../../core/clients/lake/attach.ts'
import { problem } from '../../core/problems.ts'
import { defineCommand } from '../command.ts'
import { formatOption } from '../options.ts'
import { printRows } from '../output.ts'
import { requireLake } from '../require-lake.ts'
import { profileOptions } from '../runner/options.ts'
import { openStandingLake } from '../standing-lake.ts'

export const runsCommand = defineCommand({
  command: 'runs [action] [run]',
  describe: 'The history of runs in the lake, and what one of them did',
  builder: (yargs) =>
    yargs
      .options(profileOptions)
      .positional('action', {
        choices: ['list', 'show'] as const,
        default: 'list' as const,
        describe: 'list: the newest runs; show: the nodes of one run, failures first',
      })
      .positional('run', { type: 'string', describe: 'show: id of the run, or how it begins' })
      .option('limit', {
        type: 'number',
        default: 20,
        describe: 'list: how many runs',
        requiresArg: true,
      })
      .option('format', formatOption)
      .example('$0 runs show 3f2a', 'what the run did whose id begins so'),
  handler: async (args) => {
    if (!(Number.isInteger(args.limit) && args.limit > 0)) {
      throw badArguments('--limit takes a whole number above 0.')
    }
    if (args.action === 'show' && args.run === undefined) {
      throw badArguments('runs show needs the id of a run; `millrace runs` lists them.')
    }
    const config = await requireLake(args, '`millrace runs`')
    await using lake = await openStandingLake(config, { readOnly: true })
    const { findRun, listRuns, nodesOfRun } = await import('../../transform/index.ts')
    const { run: id } = args
    if (id === undefined) {
      const runs = await lake.read((connection) => listRuns(connection, lakeName, args.limit))
      printRows(runs.map(runRow), args.format)
      return 0
    }
    const nodes = await lake.read(async (connection) => {
      const { runId } = await findRun(connection, lakeName, id)
      return await nodesOfRun(connection, lakeName, runId)
    })
    printRows(nodes.map(nodeRow), args.format)
    return 0
  },
})

function badArguments(reason: string): Error {
  return problem('cli/bad-arguments', { reason, command: 'millrace runs' })
}

type Run = Awaited<ReturnType<typeof import('../../transform/index.ts').listRuns>>[number]
type Node = Awaited<ReturnType<typeof import('../../transform/index.ts').nodesOfRun>>[number]

function runRow(run: Run) {
  return {
    run_id: run.runId,
    command: run.command,
    outcome: run.outcome,
    started_at: run.startedAt,
    seconds: Math.round(run.elapsedMs) / 1_000,
    nodes: run.nodes,
    failed: run.failed,
    skipped: run.skipped,
    snapshot: run.outcome === 'committed' ? run.snapshot : null,
    author: run.author,
    revision: run.revision,
  }
}

function nodeRow(node: Node) {
  return {
    unique_id: node.id,
    kind: node.kind,
    status: node.status,
    rows: node.rows,
    failures: node.failures,
    seconds: Math.round(node.elapsedMs) / 1_000,
    message: node.message,
  }
}
