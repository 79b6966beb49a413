/** Names that hold in every template and in the values of YAML files: variables, environment, target. */
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
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

/** @param showsSecrets whether variables that are secrets can be read: they stand in connections and packages only */
export function baseNames(
  inputs: CompileInputs,
  vars: Config,
  showsSecrets = true,
): (readonly [string, unknown])[] {
  const env = new HostFunction('env_var', (args) => readVariable(inputs, args, showsSecrets))
  return [
    ['var', varValue(vars)],
    ['env_var', env],
    ['target', targetValue(inputs)],
    ...textFunctions(inputs.md5),
  ]
}

function varValue(vars: Config): HostObject {
  const call = new HostFunction('var', ({ positional, named }) => {
    const name = toText(positional[0])
    if (Object.hasOwn(vars, name)) return toTemplateValue(vars[name])
    const fallback = positional.length > 1 ? positional[1] : named.get('default')
    if (fallback !== undefined) return fallback
    throw problem('model/unknown-var', { name, nearest: nearest(name, Object.keys(vars)) })
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

function targetValue({ target }: CompileInputs): HostObject {
  const { name, profileName = name, database, schema, type, threads, path } = target
  const given = { database, schema, type, threads, ...(path !== undefined && { path }) }
  return makeHostObject(
    { name, target_name: name, profile_name: profileName, ...given },
    () => name,
  )
}
