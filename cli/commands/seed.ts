/** `millrace seed`: load the CSV files of the seeds. */
import { defineCommand } from '../command.ts'
import { executeRun } from '../runner/execute-run.ts'
import { runOptions } from '../runner/options.ts'
import { showOption } from '../runner/show-seeds.ts'

export const seedCommand = defineCommand({
  command: 'seed',
  describe: 'Load the CSV files of the seeds',
  builder: (yargs) =>
    yargs
      .options(runOptions)
      .option('show', showOption)
      .example('$0 seed --select products', 'one file'),
  handler: (args) => executeRun('seed', args, { showsSeeds: args.show }),
})
