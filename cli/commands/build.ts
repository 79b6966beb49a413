/** `millrace build`: what has landed, then seeds, models and their tests, published together or not at all. */
import { defineCommand } from '../command.ts'
import { registerThenPublish } from '../runner/around-build.ts'
import { executeChanged } from '../runner/execute-changed.ts'
import { executeRun } from '../runner/execute-run.ts'
import { changedOption, runOptions } from '../runner/options.ts'
import { showOption } from '../runner/show-seeds.ts'

export const buildCommand = defineCommand({
  command: 'build',
  describe: 'Seeds, models and their tests, published together or not at all',
  builder: (yargs) =>
    yargs
      .options(runOptions)
      .option('changed', changedOption)
      .option('show', showOption)
      .example('$0 build --select staging+', 'a folder and all that reads it'),
  handler: (args) => {
    const execute = args.changed ? executeChanged : executeRun
    return execute('build', args, { ...registerThenPublish, showsSeeds: args.show })
  },
})
