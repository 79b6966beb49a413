/** `millrace migrate`: brings PostgreSQL's own tables up to date. */
import { defineCommand } from '../command.ts'
import { openContext, postgresUrlOf } from '../context.ts'

export const migrateCommand = defineCommand({
  command: 'migrate',
  describe: 'Make the tables in PostgreSQL that models are merged into',
  builder: (yargs) =>
    yargs.example('$0 migrate', 'also done by every publish; doing it again changes nothing'),
  handler: async (args) => {
    const { config } = openContext(args)
    const { schema } = config.settings.postgres
    const { migrate } = await import('../../transform/publish/migrate.ts')
    const ran = await migrate(await postgresUrlOf(config), { schema })
    for (const name of ran) process.stdout.write(`${name}\n`)
    if (ran.length === 0) process.stderr.write(`The schema ${schema} is up to date.\n`)
    return 0
  },
})
