/** `millrace run`: build models in the lake, all or nothing. */
import { defineCommand } from '../command.ts'
import { executeChanged } from '../runner/execute-changed.ts'
import { executeRun } from '../runner/execute-run.ts'
import { changedOption, runOptions } from '../runner/options.ts'

export const runCommand = defineCommand({
  command: 'run',
  describe: 'Build models in the lake, all or nothing',
  builder: (yargs) =>
    yargs
      .options(runOptions)
      .option('changed', changedOption)
      .example('$0 run --select +active_users', 'a model and all it reads'),
  handler: (args) => (args.changed ? executeChanged : executeRun)('run', args),
})
