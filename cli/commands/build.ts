/** `millrace build`: seeds, models and their tests, published together or not at all. */
import { defineCommand } from '../command.ts'
import { executeRun, type RunHooks } from '../runner/execute-run.ts'
import { runOptions } from '../runner/options.ts'

/** What happens around a build: registering what has landed before it, publishing to PostgreSQL after it. */
const hooks: RunHooks = {}

export const buildCommand = defineCommand({
  command: 'build',
  describe: 'Seeds, models and their tests, published together or not at all',
  builder: (yargs) =>
    yargs
      .options(runOptions)
      .example('$0 build --select staging+', 'a folder and all that reads it'),
  handler: (args) => executeRun('build', args, hooks),
})
