/** `millrace clone`: nodes as another state of the project has built them, as views. */
import { defineCommand } from '../command.ts'
import { cloneOptions, executeClone } from '../runner/clone.ts'

export const cloneCommand = defineCommand({
  command: 'clone',
  describe: 'Make views on what another state of the project has built',
  builder: (yargs) =>
    yargs
      .options(cloneOptions)
      .example('$0 clone --state prod-artifacts', 'all of production, without building it'),
  handler: (args) => executeClone(args),
})
