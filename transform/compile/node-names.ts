/** What a node's template can call: dbt's context, as far as it needs no database. */
import type { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { bindNamed } from '../jinja/call-arguments.ts'
import { methodOf } from '../jinja/methods.ts'
import {
  type Arguments,
  HostFunction,
  type HostObject,
  makeHostObject,
  TemplateFault,
  toPlainValue,
  toTemplateValue,
  toText,
  Undefined,
} from '../jinja/values.ts'
import type { Config } from '../project/project.ts'
import { columnType } from '../stdlib/column-value.ts'
import { adapterValue } from './adapter-functions.ts'
import { baseNames } from './base-names.ts'
import type { CompileInputs } from './inputs.ts'
import type { NodeNames } from './macros.ts'
import { relationType } from './relation-value.ts'
import { tagsOf } from './resolve-config.ts'
import { resultNames, runNames } from './run-names.ts'

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
  /** `graph`: every node by id. */
  graph(): unknown
}

export type NamedNode = {
  readonly name: string
  readonly id: string
  readonly file: string
  readonly fqn: readonly string[]
  readonly package: string
  readonly kind: string
  /** Of a model with versions. */
  readonly version?: string | undefined
}

/**
 * The names of one rendering.
 * @param vars the project's variables with `--vars` on top
 * @param macros finds macros for `adapter.dispatch`
 * @param warn receives what templates warn of
 */
export function namesOfNode(
  node: NamedNode,
  host: NodeHost,
  inputs: CompileInputs,
  vars: Config,
  macros: () => NodeNames,
  warn: (warning: MillraceError) => void,
): Map<string, unknown> {
  const names = new Map<string, unknown>([
    ['ref', new HostFunction('ref', (args) => callRef(host, args))],
    ['source', new HostFunction('source', (args) => callSource(host, args))],
    ['config', configValue(host)],
    ['is_incremental', new HostFunction('is_incremental', () => host.isIncremental())],
    ['new_rows', new HostFunction('new_rows', ({ positional }) => host.newRows(positional[0]))],
    ...baseNames(inputs, vars),
    ['model', modelValue(node, () => host.readConfig())],
    ['execute', host.execute],
    ['flags', flagsValue(inputs)],
    ['project_name', node.package],
    ['database', inputs.target.database],
    ['schema', inputs.target.schema],
    ['graph', lazily('<graph>', () => host.graph())],
    ...runNames(inputs),
    ...resultNames(),
    ['exceptions', exceptionsValue(node, warn)],
    ['adapter', adapterOf(host, inputs, macros)],
    ['api', makeHostObject({ Relation: relationType(inputs.target.database), Column: columnType })],
    ['context', contextValue(macros)],
  ])
  names.set('builtins', new Map([...names].filter(([name]) => /^(ref|source|config)$/.test(name))))
  return names
}

function adapterOf(
  { execute }: NodeHost,
  { target, database }: CompileInputs,
  macros: () => NodeNames,
): HostObject {
  const dispatch = (args: Arguments) => {
    const given = bindNamed('dispatch', ['macro_name', 'macro_namespace', 'packages'], args)
    const name = toText(given['macro_name'])
    const namespace =
      given['macro_namespace'] == null ? undefined : toText(given['macro_namespace'])
    const found = macros().dispatched(name, namespace)
    if (found !== undefined) return found
    throw problem('model/unknown-macro', { name: `default__${name}`, nearest: undefined })
  }
  return adapterValue({ execute, catalog: target.database, database, dispatch })
}

/** `context['dbt_utils']`, `context.get('my_macro')`: every name by its text. */
function contextValue(macros: () => NodeNames): HostObject {
  const find = (name: unknown) => macros().get(toText(name)) ?? new Undefined(toText(name))
  const get = new HostFunction('get', ({ positional: [name, fallback = null] }) => {
    const found = find(name)
    return found instanceof Undefined ? fallback : found
  })
  return { ...makeHostObject({ get }, () => '<context>'), item: find }
}

/** A value that is made when a template first asks for a part of it. */
function lazily(text: string, make: () => unknown): HostObject {
  let made: unknown
  const value = () => {
    made ??= make()
    return made instanceof Map ? made : new Map()
  }
  const item = (name: unknown) => value().get(name) ?? new Undefined(toText(name))
  return {
    ...makeHostObject({}, () => text),
    item,
    attribute: (name) =>
      value().has(name) ? value().get(name) : (methodOf(value(), name) ?? item(name)),
  }
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

function modelValue(node: NamedNode, config: () => Config): HostObject {
  const { name, file, fqn } = node
  return lazily(node.id, () =>
    toTemplateValue({
      name,
      alias: name,
      unique_id: node.id,
      original_file_path: file,
      path: file,
      fqn: [...fqn],
      package_name: node.package,
      resource_type: node.kind,
      version: node.version,
      config: config(),
      tags: tagsOf(config()),
    }),
  )
}

function flagsValue({ fullRefresh }: CompileInputs): HostObject {
  return makeHostObject({
    FULL_REFRESH: fullRefresh,
    STORE_FAILURES: false,
    EMPTY: false,
    WHICH: 'run',
  })
}

function exceptionsValue(node: NamedNode, warn: (warning: MillraceError) => void): HostObject {
  const raise = new HostFunction('raise_compiler_error', ({ positional }) => {
    throw problem('model/compiler-error', { reason: toText(positional[0]) })
  })
  const note = new HostFunction('warn', ({ positional }) => {
    const at = { file: node.file }
    warn(
      problem('model/template-warning', { node: node.name, reason: toText(positional[0]) }, { at }),
    )
    return ''
  })
  const named = [
    'raise_database_error',
    'raise_parsing_error',
    'raise_fail_fast_error',
    'raise_not_implemented',
    'missing_config',
    'missing_materialization',
    'missing_relation',
    'relation_wrong_type',
    'raise_contract_error',
    'raise_invalid_property_yml_version',
    'column_type_missing',
  ].map((name) => [
    name,
    new HostFunction(name, ({ positional }) => {
      const reason = positional.length === 0 ? name : positional.map(toText).join(', ')
      throw problem('model/compiler-error', { reason })
    }),
  ])
  return makeHostObject({
    ...Object.fromEntries(named),
    raise_compiler_error: raise,
    warn: note,
  })
}

function isObject(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
