/** The options of dbt 1.12, as data: how each is spelt, and what it takes. */

export type DbtOption = {
  /** As of Millrace where both have it. */
  readonly name: string
  /** Every spelling but `--no-…` of a switch; the first is the one that is shown. */
  readonly spellings: readonly string[]
  /** A `switch` has a `--no-…`, a `flag` has none; a `list` takes every word up to the next option. */
  readonly takes: 'flag' | 'switch' | 'text' | 'number' | 'list'
  /** Without `DBT_`: `DBT_ENGINE_…` counts before `DBT_…`. */
  readonly variable?: string
  readonly choices?: readonly string[]
  /**
   * The value that asks for what Millrace does anyway. `any`: the option steers something that is not there, such as
   * the cache of relations, so that its value changes nothing.
   */
  readonly usual?: string | 'any'
}

type Details = Partial<Omit<DbtOption, 'name' | 'takes'>>

function option(name: string, takes: DbtOption['takes'], details: Details = {}): DbtOption {
  return { name, takes, spellings: [`--${name}`], ...details }
}

/** With the variable that is named after it. */
function known(name: string, takes: DbtOption['takes'], details: Details = {}): DbtOption {
  const variable = name.replaceAll('-', '_').toUpperCase()
  return option(name, takes, { variable, ...details })
}

const on = { usual: 'true' }
const off = { usual: 'false' }
const any = { usual: 'any' }

const levels = ['debug', 'info', 'warn', 'error', 'none']
const formats = ['text', 'debug', 'json', 'default']

/** Switches of what is not there: colours, caches, other parsers. */
const idleSwitches = [
  'cache-selected-only',
  'hints-enabled',
  'log-cache-events',
  'macro-debugging',
  'partial-parse-file-diff',
  'populate-cache',
  'send-anonymous-usage-stats',
  'show-resource-report',
  'single-threaded',
  'snowflake-projects-otel',
  'static-parser',
  'upload-to-artifacts-ingest-api',
  'use-colors',
  'use-colors-file',
  'use-experimental-parser',
  'use-fast-test-edges',
  'use-v2-parser',
]

/** Options that dbt takes before and after the name of the command. */
export const globalDbtOptions: readonly DbtOption[] = [
  ...idleSwitches.map((name) => known(name, 'switch', any)),
  known('debug', 'switch', { spellings: ['--debug', '-d'] }),
  known('defer', 'switch', off),
  known('defer-state', 'text'),
  known('fail-fast', 'switch', { spellings: ['--fail-fast', '-x'], ...off }),
  known('favor-state', 'switch', off),
  known('indirect-selection', 'text', { choices: ['eager', 'cautious', 'buildable', 'empty'] }),
  known('log-file-max-bytes', 'number', { usual: '10485760' }),
  known('log-format', 'text', { choices: formats }),
  known('log-format-file', 'text', { choices: formats, usual: 'debug' }),
  known('log-level', 'text', { choices: levels }),
  known('log-level-file', 'text', { choices: levels, usual: 'debug' }),
  known('log-path', 'text'),
  known('maximum-seed-size-mib', 'number', { usual: '1' }),
  known('partial-parse', 'switch', on),
  known('partial-parse-file-path', 'text', any),
  known('print', 'switch', on),
  known('printer-width', 'number', { usual: '80' }),
  known('profile', 'text'),
  known('quiet', 'switch', { spellings: ['--quiet', '-q'], ...off }),
  option('record-timing-info', 'text', { spellings: ['--record-timing-info', '-r'] }),
  option('show-all-deprecations', 'switch', off),
  known('state', 'text'),
  known('target', 'text', { spellings: ['--target', '-t'] }),
  known('v2-parser', 'text', any),
  known('version-check', 'switch', on),
  known('warn-error', 'flag', off),
  known('warn-error-options', 'text', { usual: '{}' }),
  known('write-json', 'switch', on),
].sort((left, right) => (left.name < right.name ? -1 : 1))

const kinds = [
  ...['metric', 'semantic_model', 'saved_query', 'source', 'analysis', 'function', 'model', 'test'],
  ...['unit_test', 'exposure', 'snapshot', 'seed', 'default'],
]

const someDbtOptions = [
  option('add-package', 'text'),
  option('args', 'text', { usual: '{}' }),
  option('browser', 'switch', any), // none is ever opened
  known('clean-project-files-only', 'switch', on),
  option('compile', 'switch', on),
  option('config-dir', 'flag', off),
  option('connection', 'flag', off),
  known('empty', 'switch', off),
  option('empty-catalog', 'flag', off),
  known('event-time-end', 'text'),
  known('event-time-start', 'text'),
  option('exclude', 'list'),
  known('exclude-resource-type', 'list', {
    spellings: ['--exclude-resource-types', '--exclude-resource-type'],
    variable: 'EXCLUDE_RESOURCE_TYPES',
    choices: kinds,
  }),
  known('export-saved-queries', 'switch', any),
  known('full-refresh', 'flag', { spellings: ['--full-refresh', '-f'], ...off }),
  known('host', 'text'),
  known('include-saved-query', 'switch', any),
  option('inject-ephemeral-ctes', 'switch', on),
  option('inline', 'text'),
  option('inline-direct', 'text'),
  known('introspect', 'switch', on),
  option('limit', 'number'),
  option('lock', 'flag', off),
  option('models', 'list', { spellings: ['-m', '--models', '--model'] }),
  option('output-keys', 'list'),
  option('port', 'number'),
  known('profiles-dir', 'text'),
  known('project-dir', 'text'),
  known('resource-type', 'list', {
    spellings: ['--resource-types', '--resource-type'],
    variable: 'RESOURCE_TYPES',
    choices: [...kinds, 'all'],
  }),
  known('sample', 'text'),
  option('select', 'list', { spellings: ['-s', '--select', '-m', '--models', '--model'] }),
  option('selector', 'text'),
  option('show', 'flag', off),
  option('skip-debug', 'flag', any),
  option('skip-profile-setup', 'flag', { spellings: ['--skip-profile-setup', '-s'], ...off }),
  option('source', 'text', { choices: ['hub', 'git', 'local'] }),
  option('sql', 'text'),
  known('sqlparse', 'text', any),
  option('static', 'flag', off),
  known('store-failures', 'flag', off),
  known('target-path', 'text'),
  option('threads', 'number'),
  option('upgrade', 'flag', off),
  option('vars', 'text', { usual: '{}' }),
] as const satisfies readonly DbtOption[]

/** Options of single commands; those that mean something else in another command stand in `commands.ts`. */
export const dbtOptions: ReadonlyMap<string, DbtOption> = new Map(
  someDbtOptions.map((one) => [one.name, one]),
)
