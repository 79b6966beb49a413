/** The commands of dbt 1.12, and the options of each beside those that all of them take. */
import { type DbtOption, dbtOptions, globalDbtOptions } from './options.ts'

export type DbtCommand = {
  /** As it is called: `docs generate`. */
  readonly name: string
  /** Of Millrace; the positionals of dbt follow it. */
  readonly ours: string
  readonly describe: string
  readonly options: readonly DbtOption[]
  /** How many positionals it takes at most. */
  readonly positionals: number
}

const everywhere = ['profiles-dir', 'project-dir', 'vars']
const choosing = ['exclude', 'select', 'selector', 'target-path', 'threads']
const selecting = [...choosing, 'sqlparse']
const kinds = ['resource-type', 'exclude-resource-type']
const times = ['event-time-start', 'event-time-end', 'sample', 'empty']

const printed: DbtOption = {
  name: 'output',
  spellings: ['--output'],
  takes: 'text',
  choices: ['json', 'text'],
}
const listed: DbtOption = { ...printed, choices: ['json', 'name', 'path', 'selector'] }
const file: DbtOption = { name: 'output', spellings: ['--output', '-o'], takes: 'text' }
/** Of `ls`, where --models has a meaning of its own. */
const select: DbtOption = { name: 'select', spellings: ['-s', '--select'], takes: 'list' }

const listNames = ['exclude', 'models', 'output-keys', ...kinds, 'selector', 'target-path']
const list = command('list', 'List the resources in your project', listNames, {
  own: [select, listed],
})

const freshness = command('source freshness', 'Check how old the sources are', selecting, {
  own: [file],
})

/** By name, in the order of the help. */
export const dbtCommands: ReadonlyMap<string, DbtCommand> = new Map(
  [
    command('build', 'Run all seeds, models, snapshots, and tests in DAG order', [
      ...[...selecting, ...kinds, ...times, 'full-refresh', 'store-failures', 'show'],
      ...['export-saved-queries', 'include-saved-query'],
    ]),
    command('clean', 'Delete the folders of clean-targets', [
      'clean-project-files-only',
      'target-path',
    ]),
    command('clone', 'Create clones of selected nodes', [...choosing, ...kinds, 'full-refresh']),
    command(
      'compile',
      'Write the SQL of models, tests and analyses to the target folder',
      [...selecting, 'full-refresh', 'introspect', 'empty', 'inline', 'inject-ephemeral-ctes'],
      { own: [printed] },
    ),
    command('debug', 'Check the installation, the profile and the connection', [
      'connection',
      'config-dir',
    ]),
    command('deps', 'Install the packages that the project lists', [
      ...['source', 'lock', 'upgrade', 'add-package'],
    ]),
    command('docs generate', 'Write the documentation of the project', [
      ...[...selecting, 'compile', 'empty-catalog', 'static'],
    ]),
    command('docs serve', 'Serve the documentation of the project', [
      ...['browser', 'host', 'port', 'target-path'],
    ]),
    command('init', 'Write a new project', ['skip-profile-setup', 'skip-debug'], {
      positionals: 1,
    }),
    list,
    { ...list, name: 'ls' },
    command('parse', 'Read the project and write its manifest', ['target-path', 'threads']),
    command('retry', 'Run the nodes again that failed in the last run', [
      ...['target-path', 'threads', 'full-refresh'],
    ]),
    command('run', 'Build the models', [...selecting, ...times, 'full-refresh']),
    command('run-operation', 'Call a macro', ['args', 'sql', 'target-path', 'threads'], {
      positionals: 1,
    }),
    command('seed', 'Load the CSV files of the seeds', [
      ...[...selecting, 'empty', 'full-refresh', 'show'],
    ]),
    command(
      'show',
      'Print the first rows of a node or of a query',
      [...selecting, 'full-refresh', 'limit', 'introspect', 'inline', 'inline-direct'],
      { own: [printed] },
    ),
    command('snapshot', 'Run the snapshots', [...selecting, 'empty']),
    freshness,
    { ...freshness, name: 'source snapshot-freshness' },
    command('test', 'Run the tests', [...selecting, ...kinds, 'store-failures']),
  ].map((one) => [one.name, one]),
)

type More = { readonly own?: readonly DbtOption[]; readonly positionals?: number }

function command(
  name: string,
  describe: string,
  names: readonly string[],
  { own = [], positionals = 0 }: More = {},
): DbtCommand {
  const some = [...everywhere, ...names].flatMap((one) => dbtOptions.get(one) ?? [])
  const ours = name === 'list' ? 'ls' : name
  return { name, ours, describe, positionals, options: [...globalDbtOptions, ...own, ...some] }
}
