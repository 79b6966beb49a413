/** The contract of a model: whether its columns are promised, and a fingerprint of what is promised. */
import { toRepr, toTemplateValue } from '../jinja/values.ts'
import type { Column, Config } from '../project/project.ts'
import { constraintJson, modelConstraintJson } from './columns.ts'
import { sha256 } from './hash.ts'
import { isObject, type JsonObject } from './json.ts'

type Promised = {
  readonly columns: readonly Column[]
  readonly constraints: readonly Config[]
  readonly materialized: string
}

/** @param said the full config's `contract`; `promised` is undefined for what is no model */
export function contractJson(said: unknown, promised: Promised | undefined): JsonObject {
  const contract = isObject(said) ? said : {}
  const enforced = contract['enforced'] === true
  return {
    enforced,
    alias_types: contract['alias_types'] !== false,
    checksum: enforced && promised !== undefined ? contractChecksum(promised) : null,
  }
}

/**
 * Of the very text that dbt takes it of, which is how Python prints its objects: `state:modified.contract` may be
 * asked against a manifest that dbt wrote.
 */
function contractChecksum({ columns, constraints, materialized }: Promised): string {
  const sorted = [...columns].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const parts = sorted.map((column) => {
    const printed = column.constraints.map((said) => printConstraint('Column', said))
    return `|${column.name}${column.dataType ?? 'None'}[${printed.join(', ')}]`
  })
  if (materialized === 'table' || materialized === 'incremental') {
    const printed = constraints.map((said) => printConstraint('Model', said))
    parts.push(`${materialized}[${printed.join(', ')}]`)
  }
  return sha256(parts.join(''))
}

function printConstraint(level: 'Column' | 'Model', said: Config): string {
  // dbt takes the checksum before it looks up what a foreign key refers to.
  const asSaid = { ...said, to: said['writtenTo'] ?? said['to'] }
  const { type, ...rest } = level === 'Model' ? modelConstraintJson(asSaid) : constraintJson(asSaid)
  const fields = Object.entries(rest).map(([key, value]) => `${key}=${print(value)}`)
  return `${level}LevelConstraint(type=<ConstraintType.${type}: ${print(type)}>, ${fields.join(', ')})`
}

function print(value: unknown): string {
  return toRepr(toTemplateValue(value))
}
