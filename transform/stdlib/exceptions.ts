/** `exceptions`: how a template stops its node, or warns. */
import { type MillraceError, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import {
  type Arguments,
  HostFunction,
  type HostObject,
  hostObject,
  itemsOf,
  makeHostObject,
  toRepr,
  toText,
  Undefined,
} from '../jinja/values.ts'

type Node = { readonly name: string; readonly file: string }

/** The reason that each function gives, from its arguments. */
const reasons: Readonly<Record<string, (positional: readonly unknown[]) => string>> = {
  ...said('raise_compiler_error', 'raise_not_implemented', 'raise_fail_fast_error'),
  ...said('raise_parsing_error', 'raise_dependency_error', 'raise_cache_inconsistent'),
  raise_database_error: ([reason]) => `Database Error: ${toText(reason)}`,
  missing_config: ([, name]) => `the config ${toText(name)} is required and not set`,
  missing_materialization: ([node, adapter]) =>
    `No materialization '${partOf(read(node, 'config'), 'materialized')}' was found for adapter ${toText(adapter)}!`,
  missing_relation: ([relation]) => `Relation ${toText(relation)} not found!`,
  relation_wrong_type: ([relation, expected]) =>
    `Trying to create ${toText(expected)} ${toText(relation)}, but it currently exists as a ${partOf(relation, 'type')}. ` +
    `Either drop ${toText(relation)} manually, or run with --full-refresh and it is dropped for you.`,
  column_type_missing: ([columns]) =>
    'Contracted models require data_type to be defined for each column. Please ensure that the column name ' +
    `and data_type are defined within the YAML configuration for the ${toText(columns)} column(s).`,
  raise_contract_error: ([promised, made]) => contractReason(rowsOf(promised), rowsOf(made)),
  raise_ambiguous_alias: (nodes) =>
    `two resources have one relation: ${nodes.map(toText).join(', ')}`,
  raise_ambiguous_catalog_match: (values) =>
    `two relations of the catalog match one node: ${values.map(toText).join(', ')}`,
  raise_dataclass_not_dict: ([value]) => `${toRepr(value)} is no dict`,
  raise_dep_not_found: ([node, description, needed]) =>
    `${toText(description)} ${partOf(node, 'name')} depends on ${toText(needed)}, which is not found`,
  raise_duplicate_patch_name: (values) =>
    `two schema files describe one resource: ${values.map(toText).join(', ')}`,
  raise_duplicate_resource_name: (values) =>
    `two resources have one name: ${values.map(toText).join(', ')}`,
  raise_invalid_property_yml_version: ([path, issue]) =>
    `The yml property file at ${toText(path)} is invalid because ${toText(issue)}.`,
}

function said(...names: readonly string[]) {
  return Object.fromEntries(
    names.map((name) => [name, ([reason = name]: readonly unknown[]) => toText(reason)]),
  )
}

/** @param warn receives what `exceptions.warn` says */
export function exceptionsValue(
  { name: node, file }: Node,
  warn: (warning: MillraceError) => void,
): HostObject {
  const warning = warningFunctions((reason) => {
    warn(problem('model/template-warning', { node, reason }, { at: { file } }))
    return ''
  })
  const attribute = (name: string): unknown => {
    const said = Object.hasOwn(warning, name) ? warning[name] : undefined
    if (said !== undefined) return new HostFunction(name, said)
    const reasonOf = Object.hasOwn(reasons, name) ? reasons[name] : undefined
    if (reasonOf === undefined) return new Undefined(`exceptions.${name}`)
    return new HostFunction(name, ({ positional, named }) => {
      const given = positional.length > 0 ? positional : [...named.values()]
      throw problem('model/compiler-error', { reason: reasonOf(given) })
    })
  }
  return { [hostObject]: true, attribute, text: () => '<exceptions>' }
}

type Calls = Readonly<Record<string, (args: Arguments) => unknown>>

function warningFunctions(warn: (reason: string) => string): Calls {
  return {
    warn: ({ positional, named }) => warn(toText(positional[0] ?? named.get('msg') ?? '')),
    warn_snapshot_timestamp_data_types: ({ positional: [now, updated] }) =>
      warn(
        `Data type of snapshot table timestamp columns (${toText(now)}) doesn't match derived column 'updated_at' (${toText(updated)}). ` +
          'Please update snapshot config updated_at.',
      ),
  }
}

function partOf(value: unknown, key: string): string {
  return toText(read(value, key) ?? '')
}

function read(value: unknown, key: string): unknown {
  if (value instanceof Map) return value.get(key)
  const attribute =
    typeof value === 'object' && value !== null && 'attribute' in value
      ? value.attribute
      : undefined
  return typeof attribute === 'function' ? attribute.call(value, key) : undefined
}

type Row = { readonly name: string; readonly type: string }

function rowsOf(columns: unknown): Row[] {
  return itemsOf(columns).map((column) => ({
    name: partOf(column, 'name'),
    type: partOf(column, 'data_type'),
  }))
}

/** Which columns a contract promises and the query does not give, and the other way round. */
function contractReason(promised: readonly Row[], made: readonly Row[]): string {
  if (promised.length === 0) {
    return 'This model has an enforced contract, and its schema file names no columns: describe each with its data_type.'
  }
  const find = (rows: readonly Row[], { name }: Row) => rows.find((row) => row.name === name)
  const missing = promised.filter((row) => find(made, row) === undefined)
  const extra = made.filter((row) => find(promised, row) === undefined)
  const different = made.filter((row) => (find(promised, row)?.type ?? row.type) !== row.type)
  const lines = [
    ...different.map((row) =>
      line(row.name, row.type, find(promised, row)?.type, 'data type mismatch'),
    ),
    ...extra.map((row) => line(row.name, row.type, undefined, 'missing in contract')),
    ...missing.map((row) => line(row.name, undefined, row.type, 'missing in definition')),
  ]
  return [
    'This model has an enforced contract that failed.',
    "Please ensure the name, data_type, and number of columns in your contract match the columns in your model's definition.",
    ...lines.sort(),
  ].join('\n')
}

function line(
  name: string,
  made: string | undefined,
  promised: string | undefined,
  reason: string,
) {
  return `  ${name}: definition ${made ?? '–'}, contract ${promised ?? '–'}: ${reason}`
}

/** `try_or_compiler_error(message, f, …)`: the message instead of whatever goes wrong in the call. */
export function tryOrRaise({ positional: [message, call, ...rest], named }: Arguments): unknown {
  const raise = (cause: unknown): never => {
    throw problem('model/compiler-error', { reason: toText(message) }, { cause })
  }
  if (!(call instanceof HostFunction)) return raise(new Error(messageOf(call)))
  try {
    const result = call.call({ positional: rest, named })
    return result instanceof Promise ? result.catch(raise) : result
  } catch (error) {
    return raise(error)
  }
}

/** `validation.any('a', 'b')`: a function that refuses anything else. */
export const validationValue: HostObject = makeHostObject({
  any: new HostFunction(
    'any',
    ({ positional: allowed }) =>
      new HostFunction('validator', ({ positional: [value] }) => {
        if (allowed.some((item) => item === value)) return null
        const reason = `Expected value "${toText(value)}" to be one of ${allowed.map(toText).join(',')}`
        throw problem('model/compiler-error', { reason })
      }),
  ),
})

/** `diff_of_two_dicts(a, b)`: what a has and b has not, whatever the case of the letters; both are dicts of lists. */
export function differenceOfDicts({ positional: [left, right] }: Arguments): Map<unknown, unknown> {
  const lower = (value: unknown) => toText(value).toLowerCase()
  const known = new Map<string, Set<string>>()
  for (const [key, values] of right instanceof Map ? right : []) {
    known.set(lower(key), new Set(itemsOf(values).map(lower)))
  }
  const difference = new Map<unknown, unknown>()
  for (const [key, values] of left instanceof Map ? left : []) {
    const others = known.get(lower(key))
    const kept = itemsOf(values).filter((value) => !others?.has(lower(value)))
    if (kept.length > 0) difference.set(key, kept)
  }
  return difference
}
