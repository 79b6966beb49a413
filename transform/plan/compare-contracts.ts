/** Contracts of models, then and now: which changes break what others rely on. */
import type { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { deepEqual } from './deep-equal.ts'
import { asObject, field, items, type JsonObject, text } from './json.ts'

type OnWarning = (warning: MillraceError) => void

/**
 * @param onWarning receives a breaking change of a model without versions
 * @throws `model/contract-broken` for a breaking change of a version
 */
export function compareContracts(
  now: JsonObject,
  then: JsonObject,
  onWarning: OnWarning,
): 'same' | 'modified' {
  const [isEnforced, wasEnforced] = [enforces(now), enforces(then)]
  if (!wasEnforced) return isEnforced ? 'modified' : 'same'
  if (isEnforced && deepEqual(contractOf(now), contractOf(then))) return 'same'
  const changes = [
    ...(isEnforced ? [] : ['the contract is no longer enforced']),
    ...changedColumns(now, then),
    ...removedConstraints(now, then),
    ...lostMaterialization(now, then),
  ]
  if (changes.length > 0) report(now, changes, onWarning)
  return 'modified'
}

/** @returns how to report that a model with a contract has gone, or undefined when nobody relied on it */
export function brokenByRemoval(
  removed: JsonObject,
  isDisabled: boolean,
  now: number,
): ((onWarning: OnWarning) => void) | undefined {
  if (removed['resource_type'] !== 'model' || !enforces(removed)) return undefined
  if (Date.parse(text(removed['deprecation_date'])) < now) return undefined
  const change = isDisabled ? 'it was disabled' : 'it was deleted or renamed'
  return (onWarning) => report(removed, [change], onWarning)
}

function report(node: JsonObject, changes: readonly string[], onWarning: OnWarning): void {
  const broken = problem(
    'model/contract-broken',
    { node: text(node['unique_id']), changes },
    { at: { file: text(node['original_file_path']) } },
  )
  if (node['version'] !== undefined && node['version'] !== null) throw broken
  onWarning(broken)
}

function enforces(node: JsonObject): boolean {
  return field(node, 'contract', 'enforced') === true
}

/** Constraints are acted on where rows are written; elsewhere only names and types count. */
function contractOf(node: JsonObject): unknown {
  const columns = Object.values(asObject(node['columns'])).map((column) => [
    text(field(column, 'name')),
    field(column, 'data_type') ?? null,
    constraintsOf(column),
  ])
  const sorted = columns.sort(([left], [right]) => (String(left) < String(right) ? -1 : 1))
  return writesRows(node) ? [sorted, materializedOf(node), constraintsOf(node)] : [sorted]
}

function changedColumns(now: JsonObject, then: JsonObject): string[] {
  const columns = asObject(now['columns'])
  return Object.entries(asObject(then['columns']))
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([name, column]) => {
      if (!Object.hasOwn(columns, name)) return [`the column ${name} was removed`]
      const types = [field(column, 'data_type'), field(columns[name], 'data_type')].map(baseType)
      return types[0] === types[1]
        ? []
        : [`the type of ${name} went from ${types[0]} to ${types[1]}`]
    })
}

/** `varchar(10)` → `varchar`: sizes may change. */
function baseType(type: unknown): string {
  return text(type).split('(')[0]?.trim().toLowerCase() ?? ''
}

/** DuckDB acts on all kinds of constraints but `custom`. */
function removedConstraints(now: JsonObject, then: JsonObject): string[] {
  if (!writesRows(then)) return []
  const columns = asObject(now['columns'])
  const ofColumns = Object.entries(asObject(then['columns'])).flatMap(([name, column]) =>
    Object.hasOwn(columns, name)
      ? missing(constraintsOf(column), constraintsOf(columns[name])).map(
          (one) => `${one} of ${name}`,
        )
      : [],
  )
  return [...ofColumns, ...missing(constraintsOf(then), constraintsOf(now))].map(
    (one) => `the constraint ${one} was removed`,
  )
}

function missing(then: readonly unknown[], now: readonly unknown[]): string[] {
  return then
    .filter((one) => field(one, 'type') !== 'custom')
    .filter((one) => !now.some((other) => deepEqual(one, other)))
    .map((one) => text(field(one, 'name')) || text(field(one, 'type')))
}

function lostMaterialization(now: JsonObject, then: JsonObject): string[] {
  if (!writesRows(then) || writesRows(now)) return []
  const constrained = [then, ...Object.values(asObject(then['columns']))]
  const hadConstraints = constrained.some((one) => constraintsOf(one).length > 0)
  const change = `it went from ${materializedOf(then)} to ${materializedOf(now)}, which has no constraints`
  return hadConstraints ? [change] : []
}

function constraintsOf(value: unknown): readonly unknown[] {
  return items(field(value, 'constraints'))
}

function writesRows(node: JsonObject): boolean {
  return ['table', 'incremental'].includes(materializedOf(node))
}

function materializedOf(node: JsonObject): string {
  return text(field(node, 'config', 'materialized'))
}
