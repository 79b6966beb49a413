/** `millrace down`: stops the local services. */
import { stopInstance } from '../../local/instance.ts'
import { defineCommand } from '../command.ts'
import { openContext } from '../context.ts'

export const downCommand = defineCommand({
  command: 'down',
  describe: 'Stop the local services; their data stays',
  builder: (yargs) =>
    yargs
      .option('purge', {
        type: 'boolean',
        default: false,
        describe: 'Also remove their data, credentials and logs',
      })
      .example('$0 down --purge', 'stop, and begin afresh the next time'),
  handler: async (args) => {
    const { config } = openContext(args)
    const { purge } = args
    const containers =
      config.settings.services === 'containers'
        ? await import('../../local/containers.ts')
        : undefined
    const wasRunning =
      containers === undefined
        ? await stopInstance(config.stateDir, { purge })
        : await containers.stopContainers(config.stateDir, { purge })
    process.stderr.write(wasRunning ? 'stopped\n' : 'nothing was running\n')
    if (purge) process.stderr.write(`removed the data in ${config.stateDir}\n`)
    return 0
  },
})
