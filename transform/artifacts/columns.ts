/** Columns and constraints as a manifest holds them. */
import type { Column, Config } from '../project/project.ts'
import { type JsonObject, listOf, orNull } from './json.ts'

/** By name, in the order of the schema file. */
export function columnsJson(columns: readonly Column[]): JsonObject {
  return Object.fromEntries(columns.map((column) => [column.name, columnJson(column)]))
}

function columnJson(column: Column): JsonObject {
  const { name, description, meta, tags } = column
  return {
    name,
    description,
    meta,
    data_type: orNull(column.dataType),
    constraints: column.constraints.map(constraintJson),
    quote: orNull(column.quote),
    config: { ...column.config, meta, tags },
    tags,
    granularity: orNull(column.granularity),
    dimension: orNull(column.dimension),
    entity: orNull(column.entity),
    doc_blocks: docBlocksOf(column),
    ...column.extra,
  }
}

/** Ids of the docs blocks that the description of a column calls. */
function docBlocksOf(column: object): readonly string[] {
  return 'docBlocks' in column ? listOf(column.docBlocks).map(String) : []
}

/** A constraint of a column. */
export function constraintJson(said: Config): JsonObject {
  return {
    type: orNull(said['type']),
    name: orNull(said['name']),
    expression: orNull(said['expression']),
    warn_unenforced: said['warn_unenforced'] ?? true,
    warn_unsupported: said['warn_unsupported'] ?? true,
    to: orNull(said['to']),
    to_columns: listOf(said['to_columns']),
  }
}

/** A constraint of a whole model. */
export function modelConstraintJson(said: Config): JsonObject {
  return { ...constraintJson(said), columns: listOf(said['columns']) }
}
