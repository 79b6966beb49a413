/** `millrace logs`: what a service printed. */
import { problem } from '../../core/problems.ts'
import { followLog, lastLogLines } from '../../local/logs.ts'
import { serviceNames } from '../../local/service-names.ts'
import { statePaths } from '../../local/state.ts'
import { defineCommand } from '../command.ts'
import { openContext } from '../context.ts'
import { withInterrupt } from '../interrupt.ts'

export const logsCommand = defineCommand({
  command: 'logs <service>',
  describe: 'Print the log of a local service',
  builder: (yargs) =>
    yargs
      .positional('service', {
        choices: [...serviceNames, 'supervisor'] as const,
        demandOption: true,
        describe: 'Whose log',
      })
      .option('lines', {
        alias: 'n',
        type: 'number',
        default: 100,
        describe: 'How many lines',
        requiresArg: true,
      })
      .option('follow', {
        alias: 'f',
        type: 'boolean',
        default: false,
        describe: 'Go on printing what is added, until Ctrl-C',
      })
      .example('$0 logs kafka -f', 'watch the broker'),
  handler: async (args) => {
    if (!Number.isInteger(args.lines) || args.lines < 0) {
      const reason = '--lines takes a whole number, 0 or more.'
      throw problem('cli/bad-arguments', { reason, command: 'millrace logs' })
    }
    const { config } = openContext(args)
    const paths = statePaths(config.stateDir)
    const file = args.service === 'supervisor' ? paths.supervisorLog : paths.log(args.service)
    await withInterrupt(async (signal) => {
      const { text, end } = lastLogLines(file, args.lines)
      process.stdout.write(text)
      if (args.follow) {
        await followLog(file, end, (added) => process.stdout.write(added), signal)
      }
    })
    return 0
  },
})
