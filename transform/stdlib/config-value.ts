/** `config`: called to set, asked with `get` and `require`. */
import { bindNamed } from '../jinja/call-arguments.ts'
import {
  type Arguments,
  HostFunction,
  type HostObject,
  hostObject,
  isTruthy,
  TemplateFault,
  toPlainValue,
  toTemplateValue,
  toText,
  Undefined,
} from '../jinja/values.ts'
import type { Config } from '../project/project.ts'
import { configValueOf } from './config-defaults.ts'

export interface ConfigHost {
  readonly execute: boolean
  config(values: Config): void
  readConfig(): Config
}

/** @param kind of the node, which decides what holds where nothing is said */
export function configValue(host: ConfigHost, kind: string): HostObject {
  const look = (key: string) => configValueOf(kind, host.readConfig(), key)
  const meta = (key: string) => {
    const all = host.readConfig()['meta']
    return isObject(all) ? all[key] : undefined
  }
  const set = (values: ReadonlyMap<unknown, unknown>) => {
    const plain = toPlainValue(values)
    if (isObject(plain)) host.config(plain)
    return ''
  }
  const functions: Record<string, (args: Arguments) => unknown> = {
    __call__: ({ positional: [values], named }) =>
      set(new Map([...(values instanceof Map ? values : []), ...named])),
    set: ({ positional: [name, value] }) => set(new Map([[name, value]])),
    get: (args) => answer(look, args),
    meta_get: (args) => answer(meta, args),
    require: (args) => demand(look, args, host.execute),
    meta_require: (args) => demand(meta, args, host.execute),
    persist_relation_docs: () => persists(look, 'relation'),
    persist_column_docs: () => persists(look, 'columns'),
  }
  const attribute = (name: string): unknown => {
    const call = Object.hasOwn(functions, name) ? functions[name] : undefined
    return call === undefined ? new Undefined(`config.${name}`) : new HostFunction(name, call)
  }
  return { [hostObject]: true, attribute, text: () => '' }
}

type Look = (key: string) => unknown

function answer(look: Look, args: Arguments): unknown {
  const given = bindNamed('get', ['name', 'default', 'validator'], args)
  const fallback = given['default'] ?? null
  const found = look(toText(given['name']))
  const value = found === undefined ? fallback : toTemplateValue(found)
  if (fallback !== null) validate(given['validator'], value)
  return value
}

function demand(look: Look, args: Arguments, execute: boolean): unknown {
  const given = bindNamed('require', ['name', 'validator'], args)
  const name = toText(given['name'])
  const value = look(name)
  if (value === undefined && execute) {
    throw new TemplateFault(`the config ${name} is required and not set`)
  }
  if (value === undefined) return ''
  validate(given['validator'], toTemplateValue(value))
  return toTemplateValue(value)
}

function validate(validator: unknown, value: unknown): void {
  if (validator instanceof HostFunction) validator.call({ positional: [value], named: new Map() })
}

function persists(look: Look, key: string): unknown {
  const docs = look('persist_docs')
  if (!isObject(docs)) throw new TemplateFault('persist_docs is a dict of relation and columns')
  return isTruthy(docs[key] ?? false)
}

function isObject(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
