/** `millrace history`: which runs wrote a model. */
import { lakeName } from '../../core/clients/lake/attach.ts'
import { problem } from '../../core/problems.ts'
import { defineCommand } from '../command.ts'
import { formatOption } from '../options.ts'
import { printRows } from '../output.ts'
import { requireLake } from '../require-lake.ts'
import { profileOptions } from '../runner/options.ts'
import { openStandingLake } from '../standing-lake.ts'

export const historyCommand = defineCommand({
  command: 'history <model>',
  describe: 'Which runs wrote a model, seed or snapshot, newest first',
  builder: (yargs) =>
    yargs
      .options(profileOptions)
      .positional('model', {
        type: 'string',
        demandOption: true,
        describe: 'Its name, or its unique id',
      })
      .option('limit', {
        type: 'number',
        default: 20,
        describe: 'How many runs',
        requiresArg: true,
      })
      .option('format', formatOption)
      .example('$0 history daily_metrics', 'then: millrace sql --at <snapshot> "from …"'),
  handler: async (args) => {
    if (!(Number.isInteger(args.limit) && args.limit > 0)) {
      const reason = '--limit takes a whole number above 0.'
      throw problem('cli/bad-arguments', { reason, command: 'millrace history' })
    }
    const config = await requireLake(args, '`millrace history`')
    await using lake = await openStandingLake(config, { readOnly: true })
    const { runsOfNode } = await import('../../transform/index.ts')
    const runs = await lake.read((connection) =>
      runsOfNode(connection, lakeName, args.model, args.limit),
    )
    if (runs.length === 0) {
      process.stderr.write(`note: no committed run has written ${args.model}.\n`)
      return 0
    }
    const rows = runs.map((run) => ({
      snapshot: run.snapshot,
      started_at: run.startedAt,
      unique_id: run.id,
      command: run.command,
      rows: run.rows,
      message: run.message,
      run_id: run.runId,
      author: run.author,
      revision: run.revision,
    }))
    printRows(rows, args.format)
    return 0
  },
})
