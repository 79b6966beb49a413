/** One call of the command line as artifacts tell of it. */
import { parse } from 'yaml'
import { type Environment, processEnvironment } from '../../core/config/environment.ts'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { secretsOf, withStars } from '../../core/redact.ts'
import type { Invocation } from '../../transform/index.ts'
import { readWarningOptions } from '../../transform/stdlib/warning-options.ts'
import { calledAs } from '../release.ts'

type Started = { readonly invocationId: string; readonly startedAt: string }

const prefix = 'DBT_ENV_CUSTOM_ENV_'

export function invocationOf(
  { invocationId, startedAt }: Started,
  environment: Environment = processEnvironment,
): Invocation {
  const custom = Object.entries(environment).filter(([name]) => name.startsWith(prefix))
  return {
    id: invocationId,
    startedAt,
    generatedAt: new Date().toISOString(),
    environment: Object.fromEntries(
      custom.map(([name, value]) => [name.slice(prefix.length), value ?? '']),
    ),
  }
}

/** Options whose values dbt keeps under another name. */
const renamed: Readonly<Record<string, string>> = {
  resource_type: 'resource_types',
  exclude_resource_type: 'exclude_resource_types',
}

/** What yargs puts beside the options. */
const notOptions = /^(_|\$0|h|help|s|m|f|t|models|format|version)$/

/**
 * `args` of run_results.json: every option by dbt's name. A retry reads them, and so do readers that want to know
 * what was asked for. Values of variables that are marked as secrets are not among them, as in dbt.
 */
export function invocationArguments(
  which: string,
  args: Readonly<Record<string, unknown>>,
  vars: Readonly<Record<string, unknown>>,
  argv: readonly string[] = process.argv.slice(2),
  environment: Environment = processEnvironment,
): Record<string, unknown> {
  const found: Record<string, unknown> = { ...defaults }
  for (const [option, value] of Object.entries(args)) {
    const name = option.replaceAll('-', '_')
    if (value === undefined || notOptions.test(option) || /[A-Z]/.test(option)) continue
    found[renamed[name] ?? name] = value
  }
  if (found['warn_error'] === true && typeof found['warn_error_options'] === 'string') {
    const reason = '--warn-error says it of all warnings; leave one of them out'
    throw problem('model/bad-warn-error-options', { reason })
  }
  const command = [calledAs(), ...argv].join(' ')
  const secrets = secretsOf({ ...environment, ...vars })
  return {
    ...found,
    warn_error_options: warningOptionsOf(found['warn_error_options']),
    vars: secrets.length === 0 ? vars : withStarsInside(vars, secrets),
    which,
    invocation_command: withStars(command, secrets),
  }
}

/** Of a command line, which has them as YAML or JSON. @throws `model/bad-warn-error-options` */
function warningOptionsOf(text: unknown): unknown {
  if (typeof text !== 'string') return text
  let value: unknown
  try {
    value = parse(text)
  } catch (cause) {
    const reason = `it is not YAML: ${messageOf(cause).split('\n')[0]?.replace(/:$/, '')}`
    throw problem('model/bad-warn-error-options', { reason }, { cause })
  }
  return readWarningOptions(value)
}

function withStarsInside(value: unknown, secrets: readonly string[]): unknown {
  return JSON.parse(JSON.stringify(value), (_, inner: unknown) =>
    typeof inner === 'string' ? withStars(inner, secrets) : inner,
  )
}

const defaults = {
  which: '',
  select: [],
  exclude: [],
  vars: {},
  indirect_selection: 'eager',
  resource_types: [],
  exclude_resource_types: [],
  full_refresh: false,
  fail_fast: false,
  favor_state: false,
  defer: false,
  empty: false,
  store_failures: false,
  introspect: true,
  partial_parse: true,
  populate_cache: true,
  version_check: true,
  warn_error: null,
  warn_error_options: { error: [], warn: [], silence: [] },
  printer_width: 80,
  log_level_file: 'debug',
  log_file_max_bytes: 10_485_760,
  send_anonymous_usage_stats: false,
  write_json: true,
}
