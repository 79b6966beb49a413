/** `millrace run`: build models in the lake, all or nothing. */
import { defineCommand } from '../command.ts'
import { executeRun } from '../runner/execute-run.ts'
import { runOptions } from '../runner/options.ts'

export const runCommand = defineCommand({
  command: 'run',
  describe: 'Build models in the lake, all or nothing',
  builder: (yargs) =>
    yargs.options(runOptions).example('$0 run --select +active_users', 'a model and all it reads'),
  handler: (args) => executeRun('run', args),
})
