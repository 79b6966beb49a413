/** `columns:` of schema files. */
import type { Column, Config } from './project-properties.ts'
import { readMeta, readName, readTags } from './schema-entry.ts'
import { isObject } from './yaml-file.ts'
import type { YamlNode } from './yaml-node.ts'

const columnKeys = [
  'name',
  'description',
  'data_type',
  'tests',
  'data_tests',
  'meta',
  'tags',
  'quote',
  'constraints',
  'config',
  'docs',
  'granularity',
  'entity',
  'dimension',
]
/** Keys that no rule of dbt explains and that adapters read. */
const adapterKeys = ['policy_tags', 'databricks_tags', 'column_mask', 'masking_policy', 'encode']

const constraintTypes = ['check', 'not_null', 'unique', 'primary_key', 'foreign_key', 'custom']

/** The columns of an entry, without their tests. */
export function readColumns(node: YamlNode): Column[] {
  return node.items('columns').flatMap((column) => {
    const name = readName(column)
    if (name === undefined) return []
    column.warnUnknown([...columnKeys, ...adapterKeys])
    const description = column.text('description', '')
    return [
      {
        name,
        description,
        dataType: column.optionalText('data_type'),
        meta: readMeta(column),
        tags: readTags(column),
        quote: column.optionalFlag('quote'),
        constraints: readConstraints(column),
        config: column.object('config'),
        docs: column.object('docs'),
        granularity: column.optionalText('granularity'),
        dimension: readDimension(column, name, description),
        entity: readEntity(column, name, description),
        extra: readExtra(column),
      },
    ]
  })
}

/** `constraints:` of a model or a column; each needs a type that dbt knows. */
export function readConstraints(node: YamlNode): Config[] {
  return node.items('constraints').flatMap((item) => {
    if (!isObject(item.value)) {
      item.wrong('must be a map with a type')
      return []
    }
    const type = item.optionalText('type')
    if (type === undefined || !(constraintTypes.includes(type) || type.includes('{{'))) {
      item.child('type').wrong(`must be one of ${constraintTypes.join(', ')}`)
    }
    return [item.value]
  })
}

function readDimension(column: YamlNode, name: string, description: string): Column['dimension'] {
  const node = column.child('dimension')
  if (!isObject(node.value)) return column.optionalText('dimension')
  const validity = node.child('validity_params')
  return {
    name: node.text('name', name),
    type: node.optionalText('type') ?? null,
    description: node.text('description', description),
    label: node.optionalText('label') ?? null,
    is_partition: node.optionalFlag('is_partition') ?? false,
    config: node.object('config'),
    validity_params: isObject(validity.value) ? readValidity(validity) : null,
  }
}

/** `{is_start, is_end}`, both false unless they are said. */
export function readValidity(node: YamlNode): Config {
  return {
    is_start: node.optionalFlag('is_start') ?? false,
    is_end: node.optionalFlag('is_end') ?? false,
  }
}

function readEntity(column: YamlNode, name: string, description: string): Column['entity'] {
  const node = column.child('entity')
  if (!isObject(node.value)) return column.optionalText('entity')
  return {
    name: node.text('name', name),
    type: node.optionalText('type') ?? null,
    description: node.text('description', description),
    label: node.optionalText('label') ?? null,
    config: node.object('config'),
  }
}

function readExtra(column: YamlNode): Config {
  const own = column.keys().filter((key) => !columnKeys.includes(key))
  return Object.fromEntries(own.map((key) => [key, column.child(key).value]))
}
