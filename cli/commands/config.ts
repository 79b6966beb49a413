/** `millrace config`: every setting, its value, and who set it. */
import { allSettings, valueAt } from '../../core/config/setting-paths.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
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
    if (rows.length === 0) throw unknownSetting(args.setting ?? '')
    printRows(rows, args.format)
    return 0
  },
})

function unknownSetting(path: string): Error {
  const paths = allSettings.map((setting) => setting.path)
  const groups = paths.flatMap((name) => (name.includes('.') ? [name.split('.')[0] ?? ''] : []))
  return problem('config/unknown-key', { path, nearest: nearest(path, [...paths, ...groups]) })
}

function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.join(',')
  return typeof value === 'object' && value !== null ? String(value) : (value ?? null)
}
