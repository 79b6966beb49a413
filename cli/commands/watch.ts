/** `millrace watch`: a runner that stays, and builds what an edit touches. */
import { defineCommand } from '../command.ts'
import { runOptions } from '../runner/options.ts'
import { watchProject } from '../watch/watch-project.ts'

const { 'dry-run': _, ...options } = runOptions

export const watchCommand = defineCommand({
  command: 'watch',
  describe: 'Build what has changed, then, after each edit, what the edit touches',
  builder: (yargs) =>
    yargs
      .options(options)
      .option('initial', {
        type: 'boolean',
        default: true,
        describe: 'Build at the start what may have changed; --no-initial waits for an edit',
      })
      .example('$0 watch --select staging+', 'of what is edited, a folder and all that reads it'),
  handler: (args) => watchProject({ ...args, dryRun: false, 'dry-run': false }),
})
