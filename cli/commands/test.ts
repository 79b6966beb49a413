/** `millrace test`: run the data tests on what the lake holds now. */
import { defineCommand } from '../command.ts'
import { executeRun } from '../runner/execute-run.ts'
import { runOptions } from '../runner/options.ts'

export const testCommand = defineCommand({
  command: 'test',
  describe: 'Run the data tests on what the lake holds now',
  builder: (yargs) =>
    yargs.options(runOptions).example('$0 test --select stg_users', 'the tests of one model'),
  handler: (args) => executeRun('test', args),
})
