/** `millrace retry`: what failed in the last command, and what was left out for it. */
import { defineCommand } from '../command.ts'
import { executeRetry, retryOptions } from '../runner/retry.ts'

export const retryCommand = defineCommand({
  command: 'retry',
  describe: 'Run again what failed or was skipped in the last command, with its options',
  builder: (yargs) =>
    yargs.options(retryOptions).example('$0 retry', 'after a build that failed was repaired'),
  handler: (args) => executeRetry(args),
})
