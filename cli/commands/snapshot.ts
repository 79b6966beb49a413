/** `millrace snapshot`: take the snapshots, which keep what rows were at each time. */
import { defineCommand } from '../command.ts'
import { executeRun } from '../runner/execute-run.ts'
import { runOptions } from '../runner/options.ts'

export const snapshotCommand = defineCommand({
  command: 'snapshot',
  describe: 'Take the snapshots, which keep what rows were at each time',
  builder: (yargs) =>
    yargs.options(runOptions).example('$0 snapshot --select users_snapshot', 'one of them'),
  handler: (args) => executeRun('snapshot', args),
})
