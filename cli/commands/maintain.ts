/** `millrace maintain`: upkeep of the lake; run it daily. */
import { upkeepSteps } from '../../core/clients/lake/maintenance.ts'
import { defineCommand } from '../command.ts'
import { formatOption } from '../options.ts'
import { printRows } from '../output.ts'
import { requireLake } from '../require-lake.ts'
import { profileOptions } from '../runner/options.ts'

export const maintainCommand = defineCommand({
  command: 'maintain',
  describe: 'Merge small files of the lake, forget old snapshots, delete unused files',
  builder: (yargs) =>
    yargs
      .options(profileOptions)
      .option('keep-days', {
        type: 'number',
        describe: 'Days that snapshots are kept (default: maintain.keep_days)',
        requiresArg: true,
      })
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'Only print what would be done',
      })
      .option('step', {
        type: 'string',
        choices: upkeepSteps,
        describe: 'Only this step, in this process (default: all, each in a process of its own)',
        requiresArg: true,
      })
      .option('format', formatOption)
      .example('$0 maintain --keep-days 30', 'a month of time travel'),
  handler: async (args) => {
    const keep = args.keepDays === undefined ? {} : { maintain: { keep_days: args.keepDays } }
    const config = await requireLake(args, '`millrace maintain`', keep)
    const upkeep = await import('../maintain/upkeep.ts')
    const { step, dryRun } = args
    const reports =
      step === undefined
        ? await upkeep.maintainAll(config, args, dryRun)
        : await upkeep.maintainStep(config, step, dryRun)
    printRows(reports, args.format, ['step', 'what', 'outcome'])
    return 0
  },
})
