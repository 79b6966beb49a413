/** What the `dbt` command says of itself: its help, and a `--version` in the lines that tools look for. */
import { dbtVersion } from '../../core/dbt-version.ts'
import { adapterVersion, version } from '../release.ts'
import { dbtCommands } from './commands.ts'
import { type DbtOption, globalDbtOptions } from './options.ts'

/** Nothing may follow the version on its line, and no other line may look like `name: version`. */
export function versionText(): string {
  return `Core:
  - installed: ${dbtVersion}

  This is Millrace ${version()}, which runs dbt projects as this version of dbt does.

Plugins:
  - duckdb: ${adapterVersion} - Part of Millrace

`
}

/** @param name a command, `docs`, `source`, or nothing for all */
export function helpText(name: string): string {
  const command = dbtCommands.get(name)
  if (command === undefined) return groupHelp(name)
  return [
    `Usage: dbt ${name} [OPTIONS]\n`,
    `  ${command.describe}.`,
    `  \`millrace ${command.ours} --help\` says what the options mean.\n`,
    'Options:',
    ...command.options.map(optionLine),
    '  -h, --help',
    '',
  ].join('\n')
}

function groupHelp(group: string): string {
  const start = group === '' ? '' : `${group} `
  const commands = [...dbtCommands].filter(([name]) => name.startsWith(start))
  return [
    `Usage: dbt ${start}[OPTIONS] [COMMAND] [ARGS]...\n`,
    '  Millrace, under the command line of dbt.\n',
    'Options:',
    ...globalDbtOptions.map(optionLine),
    '  -V, -v, --version',
    '  -h, --help',
    '',
    'Commands:',
    ...commands.map(
      ([name, { describe }]) => `  ${name.slice(start.length).padEnd(18)} ${describe}`,
    ),
    '',
  ].join('\n')
}

function optionLine({ name, spellings, takes, choices }: DbtOption): string {
  // Short ones first, as dbt has them.
  const ordered = [...spellings].sort((a, b) => a.length - b.length).join(', ')
  if (takes === 'flag') return `  ${ordered}`
  if (takes === 'switch') return `  ${ordered} / --no-${name}`
  const value = choices === undefined ? takes.toUpperCase() : `[${choices.join('|')}]`
  return `  ${ordered} ${value}`
}
