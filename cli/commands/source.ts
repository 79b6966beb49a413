/** `millrace source freshness`: how old the sources of the project are. */
import type { Argv } from 'yargs'
import { defineCommand } from '../command.ts'
import type { GlobalOptions } from '../options.ts'
import { executeFreshness, freshnessOptions } from '../runner/freshness.ts'

export const sourceCommand = defineCommand({
  command: 'source <action>',
  describe: 'Check how old the sources are, and write sources.json',
  builder: (yargs: Argv<GlobalOptions>) =>
    yargs
      .positional('action', {
        choices: ['freshness', 'snapshot-freshness'] as const,
        demandOption: true,
        describe: 'freshness, which dbt once called snapshot-freshness',
      })
      .options(freshnessOptions)
      .example('$0 source freshness --select source:raw', 'the tables of one source'),
  handler: (args) => executeFreshness(args),
})
