/** `millrace rollback`: the state before a run, published again. */
import { randomUUID } from 'node:crypto'
import { lakeName } from '../../core/clients/lake/attach.ts'
import { defineCommand } from '../command.ts'
import { formatOption } from '../options.ts'
import { printRows } from '../output.ts'
import { requireLake } from '../require-lake.ts'
import { profileOptions } from '../runner/options.ts'
import { authorName } from '../runner/origin.ts'
import { openStandingLake } from '../standing-lake.ts'

export const rollbackCommand = defineCommand({
  command: 'rollback <run>',
  describe: 'Publish the state before a run again, as a new snapshot',
  builder: (yargs) =>
    yargs
      .options(profileOptions)
      .positional('run', {
        type: 'string',
        demandOption: true,
        describe: 'Id of a committed run, or how it begins; later runs are undone with it',
      })
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'Only print what would be put back',
      })
      .option('format', formatOption)
      .example('$0 rollback 3f2a --dry-run', 'which tables would be as before that run'),
  handler: async (args) => {
    const config = await requireLake(args, '`millrace rollback`')
    const { planRollback, rollBackRun } = await import('../../transform/index.ts')
    if (args.dryRun) {
      await using lake = await openStandingLake(config, { readOnly: true })
      const plan = await lake.read((connection) =>
        planRollback(connection, lake, lakeName, args.run),
      )
      tell(`would publish snapshot ${plan.snapshot} again and undo ${plan.undone.join(', ')}`)
      printRows(plan.relations.map(rowOf('would be put back')), args.format)
      return 0
    }
    await using lake = await openStandingLake(config)
    const by = {
      runId: randomUUID(),
      startedAt: new Date().toISOString(),
      author: authorName(),
    }
    const done = await rollBackRun(lake, lakeName, args.run, by)
    tell(`published snapshot ${done.snapshot} again as run ${by.runId}`)
    tell(`undone, newest first: ${done.undone.join(', ')}`)
    tell('tables in PostgreSQL are as they were: `millrace publish` brings them up to date.')
    for (const { schema, name } of done.restored.filter(({ readsFiles }) => readsFiles)) {
      tell(`${schema}.${name} reads files outside of the lake, which stay as they are`)
    }
    printRows(
      done.restored.map((relation) => rowOf(relation.outcome)(relation)),
      args.format,
    )
    return 0
  },
})

function rowOf(outcome: string) {
  return ({ schema, name }: { readonly schema: string; readonly name: string }) => ({
    relation: `${schema}.${name}`,
    outcome,
  })
}

function tell(text: string): void {
  process.stderr.write(`note: ${text}\n`)
}
