/** What a node's template can call: dbt's context, as far as it needs no database. */
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import { toJson } from '../jinja/to-json.ts'
import {
  type Arguments,
  HostFunction,
  type HostObject,
  makeHostObject,
  TemplateFault,
  toPlainValue,
  toTemplateValue,
  toText,
} from '../jinja/values.ts'
import type { Config } from '../project/project.ts'
import type { CompileInputs } from './inputs.ts'
import type { NodeNames } from './macros.ts'

/** How one rendering answers the calls that differ between parsing and running. */
export interface NodeHost {
  readonly execute: boolean
  /** @param parts name, or package and name */
  ref(parts: readonly string[], version: string | undefined): unknown
  source(source: string, table: string): unknown
  config(values: Config): void
  readConfig(): Config
  isIncremental(): boolean
  newRows(relation: unknown): unknown
}

export type NamedNode = {
  readonly name: string
  readonly id: string
  readonly file: string
  readonly fqn: readonly string[]
  readonly package: string
  readonly kind: string
}

/**
 * The names of one rendering.
 * @param vars the project's variables with `--vars` on top
 * @param macros finds macros for `adapter.dispatch`
 */
export function namesOfNode(
  node: NamedNode,
  host: NodeHost,
  inputs: CompileInputs,
  vars: Config,
  macros: () => NodeNames,
): Map<string, unknown> {
  const names = new Map<string, unknown>([
    ['ref', new HostFunction('ref', (args) => callRef(host, args))],
    ['source', new HostFunction('source', (args) => callSource(host, args))],
    ['config', configValue(host)],
    ['is_incremental', new HostFunction('is_incremental', () => host.isIncremental())],
    ['new_rows', new HostFunction('new_rows', ({ positional }) => host.newRows(positional[0]))],
    ['var', varValue(vars)],
    ['env_var', new HostFunction('env_var', (args) => readVariable(inputs, args))],
    ['target', targetValue(inputs)],
    ['model', modelValue(node)],
    ['execute', host.execute],
    ['flags', makeHostObject({ FULL_REFRESH: inputs.fullRefresh, WHICH: 'run' })],
    ['project_name', node.package],
    ['database', inputs.target.database],
    ['schema', inputs.target.schema],
    ['invocation_id', inputs.invocationId],
    ['run_started_at', startedAtValue(inputs.startedAt)],
    ['log', new HostFunction('log', (args) => writeLog(inputs, args))],
    ['print', new HostFunction('print', (args) => writeLog(inputs, args))],
    ['exceptions', exceptionsValue()],
    ['adapter', adapterValue(macros)],
    ['tojson', new HostFunction('tojson', ({ positional }) => toJson(positional[0]))],
    ['fromjson', new HostFunction('fromjson', ({ positional }) => parseJson(positional[0]))],
    [
      'local_md5',
      new HostFunction('local_md5', ({ positional }) => inputs.md5(toText(positional[0]))),
    ],
  ])
  names.set('builtins', new Map([...names].filter(([name]) => /^(ref|source|config)$/.test(name))))
  return names
}

function callRef(host: NodeHost, { positional, named }: Arguments): unknown {
  const version = named.get('version') ?? named.get('v')
  const parts = positional.map(toText)
  if (parts.length < 1 || parts.length > 2) {
    throw new TemplateFault("ref() takes a model's name, or a package and a name")
  }
  return host.ref(parts, version === undefined ? undefined : toText(version))
}

function callSource(host: NodeHost, { positional }: Arguments): unknown {
  const [source, table] = positional.map(toText)
  if (source === undefined || table === undefined || positional.length !== 2) {
    throw new TemplateFault("source() takes a source's name and a table's name")
  }
  return host.source(source, table)
}

/** `config(…)`, `config.get('x')`, `config.require('x')`. */
function configValue(host: NodeHost): HostObject {
  const call = new HostFunction('config', ({ positional, named }) => {
    const [values] = positional
    const all = new Map([...(values instanceof Map ? values : []), ...named])
    const plain = toPlainValue(all)
    if (isObject(plain)) host.config(plain)
    return ''
  })
  const get = new HostFunction('get', ({ positional, named }) => {
    const value = host.readConfig()[toText(positional[0])]
    const fallback = positional[1] ?? named.get('default') ?? null
    return value === undefined ? fallback : toTemplateValue(value)
  })
  const require = new HostFunction('require', ({ positional }) => {
    const value = host.readConfig()[toText(positional[0])]
    if (value === undefined && host.execute) {
      throw new TemplateFault(`the config ${toText(positional[0])} is required and not set`)
    }
    return toTemplateValue(value)
  })
  return makeHostObject({ __call__: call, get, require }, () => '')
}

function varValue(vars: Config): HostObject {
  const call = new HostFunction('var', ({ positional, named }) => {
    const name = toText(positional[0])
    if (Object.hasOwn(vars, name)) return toTemplateValue(vars[name])
    const fallback = positional[1] ?? named.get('default')
    if (fallback !== undefined) return fallback
    throw problem('model/unknown-var', { name, nearest: nearest(name, Object.keys(vars)) })
  })
  const hasVar = new HostFunction('has_var', ({ positional }) =>
    Object.hasOwn(vars, toText(positional[0])),
  )
  return makeHostObject({ __call__: call, has_var: hasVar }, () => toText(toTemplateValue(vars)))
}

function readVariable(inputs: CompileInputs, { positional, named }: Arguments): unknown {
  const variable = toText(positional[0])
  const value = inputs.environment[variable] ?? positional[1] ?? named.get('default')
  if (value === undefined) throw problem('model/missing-variable', { variable })
  return toText(value)
}

function targetValue({ target }: CompileInputs): HostObject {
  const { name, database, schema, type, threads } = target
  return makeHostObject(
    { name, target_name: name, profile_name: name, database, schema, type, threads },
    () => name,
  )
}

function modelValue(node: NamedNode): unknown {
  return toTemplateValue({
    name: node.name,
    alias: node.name,
    unique_id: node.id,
    original_file_path: node.file,
    path: node.file,
    fqn: [...node.fqn],
    package_name: node.package,
    resource_type: node.kind,
  })
}

/** A time that prints as Python prints a datetime and answers `strftime` and `isoformat`. */
function startedAtValue(startedAt: string): HostObject {
  const python = startedAt.replace('T', ' ').replace('Z', '+00:00')
  const part = (from: number, to: number) => startedAt.slice(from, to)
  const codes: Readonly<Record<string, string>> = {
    Y: part(0, 4),
    m: part(5, 7),
    d: part(8, 10),
    H: part(11, 13),
    M: part(14, 16),
    S: part(17, 19),
  }
  const strftime = new HostFunction('strftime', ({ positional }) =>
    toText(positional[0]).replaceAll(/%([YmdHMS])/g, (_, code: string) => codes[code] ?? ''),
  )
  const isoformat = new HostFunction('isoformat', () => startedAt.replace('Z', '+00:00'))
  return makeHostObject({ strftime, isoformat }, () => python)
}

function writeLog(inputs: CompileInputs, { positional }: Arguments): string {
  inputs.log?.(toText(positional[0]))
  return ''
}

function exceptionsValue(): HostObject {
  const raise = new HostFunction('raise_compiler_error', ({ positional }) => {
    throw problem('model/compiler-error', { reason: toText(positional[0]) })
  })
  const warn = new HostFunction('warn', () => '')
  return makeHostObject({ raise_compiler_error: raise, warn })
}

function adapterValue(macros: () => NodeNames): HostObject {
  const dispatch = new HostFunction('dispatch', ({ positional, named }) => {
    const name = toText(positional[0] ?? named.get('macro_name'))
    const found = macros().macro(`duckdb__${name}`) ?? macros().macro(`default__${name}`)
    if (found !== undefined) return found
    throw problem('model/unknown-macro', { name: `default__${name}`, nearest: undefined })
  })
  const quote = new HostFunction('quote', ({ positional }) => `"${toText(positional[0])}"`)
  const type = new HostFunction('type', () => 'duckdb')
  return makeHostObject({ dispatch, quote, type })
}

function parseJson(value: unknown): unknown {
  try {
    return toTemplateValue(JSON.parse(toText(value)))
  } catch (cause) {
    throw new TemplateFault('fromjson() got text that is not JSON', { cause })
  }
}

function isObject(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
