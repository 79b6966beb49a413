/** What a node's template can call: dbt's context. */
import type { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { bindNamed } from '../jinja/call-arguments.ts'
import { methodOf } from '../jinja/methods.ts'
import { compileTemplate } from '../jinja/template.ts'
import {
  type Arguments,
  HostFunction,
  type HostObject,
  isHostObject,
  makeHostObject,
  TemplateFault,
  toTemplateValue,
  toText,
  Undefined,
} from '../jinja/values.ts'
import type { Config } from '../project/project.ts'
import { columnType } from '../stdlib/column-value.ts'
import { configValue } from '../stdlib/config-value.ts'
import { exceptionsValue } from '../stdlib/exceptions.ts'
import { flagsOf, flagsValue } from '../stdlib/flags.ts'
import { hooksOf } from '../stdlib/hooks.ts'
import { adapterValue } from './adapter-functions.ts'
import { baseNames, type OnMissing } from './base-names.ts'
import { contextValue, lookUp } from './context-value.ts'
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
  /** `function('f')`: the relation of a function. @param parts name, or package and name */
  function?(parts: readonly string[]): unknown
  /** `metric('m')`. @param parts name, or package and name */
  metric?(parts: readonly string[]): unknown
  /** `model`: the node in the shape of dbt's manifest, as a dict. */
  model?(): unknown
  /** `defer_relation`: the same node where the state was built. */
  deferRelation?(): unknown
  /** `load_agate_table()`: the rows of the seed that is being loaded. */
  seedTable?(): unknown
  /** `sql` and `compiled_code`, once they are known. */
  compiledCode?(): string | undefined
  /** `write()`: keeps a statement for `target/run`. */
  write?(code: string): void
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
 * The names of one rendering. `this`, and what a hook of a run's end knows, are the caller's to add.
 * @param vars the project's variables with `--vars` on top
 * @param macros finds macros for `adapter.dispatch`
 * @param warn receives what templates warn of
 * @param onMissing as of `baseNames`
 */
export function namesOfNode(
  node: NamedNode,
  host: NodeHost,
  inputs: CompileInputs,
  vars: Config,
  macros: () => NodeNames,
  warn: (warning: MillraceError) => void,
  onMissing?: OnMissing,
): Map<string, unknown> {
  const render = (text: string) => renderText(node, host, macros(), text)
  const base = baseNames(inputs, vars, false, render, onMissing)
  const run = valuesOfRun(inputs)
  const names = new Map<string, unknown>([
    ...callNames(host),
    ['config', configValue(host, node.kind)],
    ...base,
    ['env', base.find(([name]) => name === 'target')?.[1]],
    ['model', lazily(node.id, () => host.model?.() ?? modelOf(node, host))],
    ['execute', host.execute],
    ['project_name', node.package],
    ['database', inputs.target.database],
    ['schema', inputs.target.schema],
    ['graph', lazily('<graph>', () => host.graph())],
    ['pre_hooks', lazyList(() => hooksOf(host.readConfig()['pre_hook']))],
    ['post_hooks', lazyList(() => hooksOf(host.readConfig()['post_hook']))],
    ['defer_relation', host.deferRelation?.() ?? null],
    ['sql', host.compiledCode?.() ?? ''],
    ['compiled_code', host.compiledCode?.() ?? ''],
    ...run.names,
    ...resultNames(),
    ...actionNames(node, host, macros),
    ['modules', modulesOf(run.modules, warn)],
    ['exceptions', exceptionsValue(node, warn)],
    ['adapter', adapterOf(node, host, inputs, run, macros, warn)],
    ['api', api],
    ['column', columnType],
    ['context', contextValue(() => macros().context)],
  ])
  names.set('builtins', lookUp(names, '<builtins>'))
  return names
}

const api = makeHostObject({ Relation: relationType, Column: columnType })

/** The same for every node of a run, so made once. */
type RunValues = {
  readonly inputs: CompileInputs
  readonly names: readonly (readonly [string, unknown])[]
  readonly modules: unknown
  /** Flags that are on, in lower case. */
  readonly behavior: ReadonlySet<string>
}

const runs = new WeakMap<object, RunValues>()

function valuesOfRun(inputs: CompileInputs): RunValues {
  const known = runs.get(inputs.environment)
  if (known !== undefined && differInDatabaseOnly(known.inputs, inputs)) return known
  const flags = flagsOf({ full_refresh: inputs.fullRefresh, ...inputs.flags })
  const names = [...runNames(inputs, flags), ['flags', flagsValue(flags)] as const]
  const modules = names.find(([name]) => name === 'modules')?.[1]
  const on = Object.entries(inputs.flags ?? {}).filter(([, value]) => value === true)
  const behavior = new Set(on.map(([name]) => name.toLowerCase()))
  const made = { inputs, names, modules, behavior }
  runs.set(inputs.environment, made)
  return made
}

/** Each node of a run asks by a database of its own, which none of these names reaches. */
function differInDatabaseOnly(one: CompileInputs, other: CompileInputs): boolean {
  return one === other || (holdsAll(one, other) && holdsAll(other, one))
}

function holdsAll(one: CompileInputs, other: CompileInputs): boolean {
  // No list is made of them: it is asked for each node.
  for (const key in other) {
    if (key === 'database') continue
    const name = key as keyof CompileInputs // of both
    if (one[name] !== other[name]) return false
  }
  return true
}

/** `modules`, one of which dbt wants gone. */
function modulesOf(modules: unknown, warn: (warning: MillraceError) => void): unknown {
  if (!isHostObject(modules)) return modules
  const attribute = (name: string) => {
    if (name === 'itertools') {
      const advice = 'dbt will take itertools out of modules'
      const parameters = { name: 'ModulesItertoolsUsageDeprecation', advice, places: 1 }
      warn(problem('model/deprecated', parameters))
    }
    return modules.attribute(name)
  }
  return { ...modules, attribute }
}

/** What a template names other nodes with. */
function callNames(host: NodeHost): [string, unknown][] {
  const call = (name: string, run: (args: Arguments) => unknown): [string, unknown] => [
    name,
    new HostFunction(name, run),
  ]
  return [
    call('ref', (args) => callRef(host, args)),
    call('source', (args) => callSource(host, args)),
    call('function', (args) => callNamed(host.function?.bind(host), 'function', args)),
    call('metric', (args) => callNamed(host.metric?.bind(host), 'metric', args)),
    call('is_incremental', () => host.isIncremental()),
    call('new_rows', ({ positional }) => host.newRows(positional[0])),
  ]
}

/** A text with the names of a node. */
function renderText(node: NamedNode, host: NodeHost, names: NodeNames, text: string): unknown {
  const template = compileTemplate(node.file, text)
  return host.execute ? template.render(names) : template.renderSync(names)
}

/** What a template does: render a text, keep one, load rows. */
function actionNames(
  node: NamedNode,
  host: NodeHost,
  macros: () => NodeNames,
): [string, unknown][] {
  const render = new HostFunction('render', ({ positional: [text] }) =>
    renderText(node, host, macros(), toText(text)),
  )
  const write = new HostFunction('write', ({ positional: [code] }) => {
    host.write?.(toText(code))
    return ''
  })
  const load = new HostFunction('load_agate_table', () => {
    const table = host.seedTable?.()
    if (table === undefined) {
      throw new TemplateFault('load_agate_table() gives the rows of a seed while it is loaded')
    }
    return table
  })
  const submit = new HostFunction('submit_python_job', () => {
    throw new TemplateFault('submit_python_job() runs Python in the process of dbt; there is none')
  })
  return [
    ['render', render],
    ['write', write],
    ['load_agate_table', load],
    ['submit_python_job', submit],
  ]
}

/** What `warn_once()` has said in a command; whatever a node is rendered with, the target is the same. */
const warnings = new WeakMap<object, Set<string>>()

function warnedFor(command: object): Set<string> {
  const known = warnings.get(command) ?? new Set()
  warnings.set(command, known)
  return known
}

function adapterOf(
  node: NamedNode,
  { execute }: NodeHost,
  inputs: CompileInputs,
  { behavior }: RunValues,
  macros: () => NodeNames,
  warn: (warning: MillraceError) => void,
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
  const warned = warnedFor(inputs.target)
  return adapterValue({
    execute,
    catalog: inputs.target.database,
    database: inputs.database,
    dispatch,
    macro: (name) => macros().macro(name),
    engine: inputs.engine ?? {},
    behavior,
    md5: inputs.md5,
    startedAt: inputs.startedAt,
    invocationId: inputs.invocationId,
    print: (text) => (inputs.print ?? inputs.log)?.(text),
    warnOnce: (reason) => {
      if (warned.has(reason)) return
      warned.add(reason)
      const at = { file: node.file }
      warn(problem('model/template-warning', { node: node.name, reason }, { at }))
    },
  })
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
    item: (name) => (value().has(name) ? value().get(name) : item(name)),
    attribute: (name) => {
      if (name === '__iter__') return [...value().keys()]
      return methodOf(value(), name) ?? (value().has(name) ? value().get(name) : item(name))
    },
  }
}

function lazyList(make: () => unknown[]): HostObject {
  return {
    ...makeHostObject({}, () => '[…]'),
    attribute: (name) =>
      name === '__iter__' ? make() : (methodOf(make(), name) ?? new Undefined(name)),
  }
}

function callRef(host: NodeHost, { positional, named }: Arguments): unknown {
  const version = named.get('version') ?? named.get('v') ?? null
  const parts = positional.map(toText)
  if (parts.length < 1 || parts.length > 2) {
    throw new TemplateFault("ref() takes a model's name, or a package and a name")
  }
  return host.ref(parts, version === null ? undefined : toText(version))
}

function callSource(host: NodeHost, { positional }: Arguments): unknown {
  const [source, table] = positional.map(toText)
  if (source === undefined || table === undefined || positional.length !== 2) {
    throw new TemplateFault("source() takes a source's name and a table's name")
  }
  return host.source(source, table)
}

/** A function or a metric; where nobody looks them up, the name stands for itself. */
function callNamed(
  find: ((parts: readonly string[]) => unknown) | undefined,
  what: string,
  { positional }: Arguments,
): unknown {
  const parts = positional.map(toText)
  if (parts.length < 1 || parts.length > 2) {
    throw new TemplateFault(`${what}() takes a name, or a package and a name`)
  }
  return find === undefined ? parts.at(-1) : find(parts)
}

/** What is known of a node without the graph. */
function modelOf(node: NamedNode, host: NodeHost): unknown {
  const { name, file, fqn } = node
  const config = host.readConfig()
  return toTemplateValue({
    name,
    alias: name,
    unique_id: node.id,
    original_file_path: file,
    path: file,
    fqn: [...fqn],
    package_name: node.package,
    resource_type: node.kind,
    version: node.version,
    config,
    tags: tagsOf(config),
  })
}
