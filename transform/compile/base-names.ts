/** Names that hold in every template and in the values of YAML files: variables, environment, target. */
import type { MillraceError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import { compileTemplate } from '../jinja/template.ts'
import {
  type Arguments,
  HostFunction,
  type HostObject,
  makeHostObject,
  toTemplateValue,
  toText,
} from '../jinja/values.ts'
import type { Config } from '../project/project.ts'
import { textFunctions } from '../stdlib/text-functions.ts'
import type { CompileInputs } from './inputs.ts'

/**
 * @param showsSecrets whether variables that are secrets can be read: they stand in connections and packages only
 * @param render what a variable that is a template gives, with the names of who asks; by default these here
 * @param onMissing told of a variable without a value, which then is None; without it, that is thrown
 */
export function baseNames(
  inputs: CompileInputs,
  vars: Config,
  showsSecrets = true,
  render?: (text: string) => unknown,
  onMissing?: OnMissing,
): (readonly [string, unknown])[] {
  const env = new HostFunction('env_var', (args) => readVariable(inputs, args, showsSecrets))
  const names: (readonly [string, unknown])[] = [
    ['env_var', env],
    ['target', targetValue(inputs)],
    ...functionsOf(inputs.md5),
  ]
  const plainly = (text: string) => {
    const [variable] = baseNames(inputs, vars, showsSecrets)
    return compileTemplate('var', text).renderSync(
      new Map([...names, ...(variable ? [variable] : [])]),
    )
  }
  return [['var', varValue(vars, render ?? plainly, onMissing)], ...names]
}

/** Whether the value of a variable is a template, which is rendered each time that it is asked for. */
export function isTemplateText(value: unknown): value is string {
  return typeof value === 'string' && /\{[{%#]/.test(value)
}

export type OnMissing = (missing: { readonly name: string; readonly fault: MillraceError }) => void

function varValue(
  vars: Config,
  render: (text: string) => unknown,
  onMissing: OnMissing | undefined,
): HostObject {
  const call = new HostFunction('var', ({ positional, named }) => {
    const name = toText(positional[0])
    if (Object.hasOwn(vars, name)) {
      const value = vars[name]
      return isTemplateText(value) ? render(value) : toTemplateValue(value)
    }
    const fallback = positional.length > 1 ? positional[1] : named.get('default')
    if (fallback !== undefined) return fallback
    const near = nearest(name, Object.keys(vars))
    const fault = problem('model/unknown-var', { name, nearest: near })
    if (onMissing === undefined) throw fault
    onMissing({ name, fault })
    return null
  })
  const hasVar = new HostFunction('has_var', ({ positional }) =>
    Object.hasOwn(vars, toText(positional[0])),
  )
  return makeHostObject({ __call__: call, has_var: hasVar }, () => toText(toTemplateValue(vars)))
}

/** dbt keeps variables of this beginning out of all that it writes. */
const secretPrefix = 'DBT_ENV_SECRET'

function readVariable(
  inputs: CompileInputs,
  { positional, named }: Arguments,
  showsSecrets: boolean,
): unknown {
  const variable = toText(positional[0])
  if (!showsSecrets && variable.startsWith(secretPrefix)) {
    const reason = `Secret env vars are allowed only in profiles.yml or packages.yml. Found '${variable}' referenced elsewhere.`
    throw problem('model/compiler-error', { reason })
  }
  const value = inputs.environment[variable] ?? positional[1] ?? named.get('default')
  if (value === undefined) throw problem('model/missing-variable', { variable })
  return toText(value)
}

/** What dbt shows of a connection where nobody says more. */
const connectionDefaults = {
  config_options: null,
  extensions: null,
  settings: {},
  external_root: '.',
  use_credential_provider: null,
  attach: null,
  filesystems: null,
  remote: null,
  plugins: null,
  disable_transactions: false,
}

type Md5 = CompileInputs['md5']
const functions = new WeakMap<Md5, ReturnType<typeof textFunctions>>()

/** They keep nothing, so that all templates share them. */
function functionsOf(md5: Md5): ReturnType<typeof textFunctions> {
  const known = functions.get(md5) ?? textFunctions(md5)
  functions.set(md5, known)
  return known
}

type ShownTarget = { readonly engine: CompileInputs['engine']; readonly value: unknown }
const targets = new WeakMap<CompileInputs['target'], ShownTarget>()

/** A dict, as in dbt: it can be printed, walked and written as JSON. One for all templates of a command. */
function targetValue({ target, engine }: CompileInputs): unknown {
  const known = targets.get(target)
  if (known !== undefined && known.engine === engine) return known.value
  const value = showTarget(target, engine)
  targets.set(target, { engine, value })
  return value
}

function showTarget(target: CompileInputs['target'], engine: CompileInputs['engine']): unknown {
  const { name, profileName = name, database, schema, type, threads, path = null } = target
  const root = engine?.externalRoot === undefined ? {} : { external_root: engine.externalRoot }
  const connection = { ...connectionDefaults, ...root, ...target.connection }
  const names = { name, target_name: name, profile_name: profileName }
  return toTemplateValue({ database, schema, path, ...connection, type, threads, ...names })
}
