/** `millrace maintain`: upkeep of the lake; run it daily. */
import { maintainLake } from '../../core/clients/lake/maintenance.ts'
import { problem } from '../../core/problems.ts'
import { defineCommand } from '../command.ts'
import { openConfiguredLake, openContext } from '../context.ts'
import { formatOption } from '../options.ts'
import { printRows } from '../output.ts'

const dayMs = 86_400_000

export const maintainCommand = defineCommand({
  command: 'maintain',
  describe: 'Merge small files of the lake, forget old snapshots, delete unused files',
  builder: (yargs) =>
    yargs
      .option('keep-days', {
        type: 'number',
        default: 7,
        describe: 'Days that snapshots are kept, for `sql --at` and time travel',
        requiresArg: true,
      })
      .option('format', formatOption)
      .example('$0 maintain --keep-days 30', 'a month of time travel'),
  handler: async (args) => {
    if (!(args.keepDays >= 0)) {
      const reason = '--keep-days takes a number, 0 or more.'
      throw problem('cli/bad-arguments', { reason, command: 'millrace maintain' })
    }
    const { config } = openContext(args)
    await using lake = await openConfiguredLake(config)
    const before = await lake.size()
    const now = Date.now()
    await lake.read((connection) =>
      maintainLake(connection, {
        expireBefore: new Date(now - args.keepDays * dayMs).toISOString(),
        // A day: longer than any build, whose files are not referred to until it commits.
        deleteBefore: new Date(now - dayMs).toISOString(),
      }),
    )
    const after = await lake.size()
    printRows(
      [
        { measure: 'files', before: before.files, after: after.files },
        { measure: 'snapshots', before: before.snapshots, after: after.snapshots },
      ],
      args.format,
    )
    return 0
  },
})
