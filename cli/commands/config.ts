/** `millrace config`: every setting, its value, and who set it. */
import { allSettings, valueAt } from '../../core/config/setting-paths.ts'
import { defineCommand } from '../command.ts'
import { openContext } from '../context.ts'
import { formatOption } from '../options.ts'
import { printRows } from '../output.ts'

export const configCommand = defineCommand({
  command: 'config [setting]',
  describe: 'Print each setting, its value and who set it',
  builder: (yargs) =>
    yargs
      .positional('setting', { type: 'string', describe: 'Only settings that begin so' })
      .option('format', formatOption)
      .option('describe', { type: 'boolean', default: false, describe: 'Say what each one means' })
      .example('$0 config kafka', 'the settings of Kafka'),
  handler: async (args) => {
    const { config } = openContext(args)
    const rows = allSettings
      .filter(({ path }) => path.startsWith(args.setting ?? ''))
      .map(({ path, description, variable }) => ({
        setting: path,
        value: shown(valueAt(config.settings, path)),
        origin: config.origins[path] ?? 'default',
        ...(args.describe ? { variable, description } : {}),
      }))
    printRows(rows, args.format)
    return rows.length === 0 ? 2 : 0
  },
})

function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.join(',')
  return typeof value === 'object' && value !== null ? String(value) : (value ?? null)
}
