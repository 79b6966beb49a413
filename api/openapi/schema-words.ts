/** JSON schemas in words, for people who read tables. */
import { isObject } from './document.ts'
import type { OpenApiObject, OpenApiValue } from './paths.ts'

export type Field = {
  /** `data[].user_id` */
  readonly path: string
  readonly type: string
  readonly isRequired: boolean
  readonly description: string
}

/** `integer (int64), 1 to 3650, default 30` */
export function schemaWords(schema: OpenApiValue | undefined): string {
  if (!isObject(schema)) return 'any'
  const parts = [typeWords(schema), rangeWords(schema), lengthWords(schema)]
  const { default: byDefault, pattern } = schema
  if (typeof pattern === 'string') parts.push(`matches ${pattern}`)
  if (byDefault !== undefined && !isEmpty(byDefault)) parts.push(`default ${plain(byDefault)}`)
  return parts.filter((part) => part !== '').join(', ')
}

/** Every field of a schema, the outer ones first. */
export function fieldsOf(schema: OpenApiValue | undefined, prefix = ''): Field[] {
  if (!isObject(schema)) return []
  const alternatives = [...listOf(schema['oneOf']), ...listOf(schema['anyOf'])]
  const ofAlternatives = alternatives.flatMap((alternative) => fieldsOf(alternative, prefix))
  const ofItems = fieldsOf(schema['items'], `${prefix}[]`)
  const fields = [...ownFields(schema, prefix), ...ofItems, ...ofAlternatives]
  return fields.filter(
    ({ path }, index) => fields.findIndex((field) => field.path === path) === index,
  )
}

function ownFields(schema: OpenApiObject, prefix: string): Field[] {
  const { properties, required } = schema
  if (!isObject(properties)) return []
  const needed = listOf(required)
  return Object.entries(properties).flatMap(([name, value]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`
    const description = isObject(value) ? plainText(value['description']) : ''
    const own = { path, type: schemaWords(value), isRequired: needed.includes(name), description }
    return [own, ...fieldsOf(value, path)]
  })
}

function typeWords(schema: OpenApiObject): string {
  const { type, format, enum: values, items } = schema
  if (values !== undefined) return listOf(values).map(plain).join(' or ')
  if (schema['const'] !== undefined) return plain(schema['const'])
  if (listOf(schema['oneOf'] ?? schema['anyOf']).length > 0) {
    return listOf(schema['oneOf'] ?? schema['anyOf'])
      .map(schemaWords)
      .join(' or ')
  }
  const types = typeof type === 'string' ? [type] : listOf(type).map(plain)
  if (types.length === 0) return 'any'
  const named = types.map((name) => (name === 'array' ? `array of ${schemaWords(items)}` : name))
  return `${named.join(' or ')}${typeof format === 'string' ? ` (${format})` : ''}`
}

function rangeWords({ minimum, maximum }: OpenApiObject): string {
  if (minimum !== undefined && maximum !== undefined)
    return `${plain(minimum)} to ${plain(maximum)}`
  if (minimum !== undefined) return `at least ${plain(minimum)}`
  return maximum === undefined ? '' : `at most ${plain(maximum)}`
}

function lengthWords({ maxLength, maxItems }: OpenApiObject): string {
  if (maxLength !== undefined) return `up to ${plain(maxLength)} characters`
  return maxItems === undefined ? '' : `up to ${plain(maxItems)} of them`
}

function isEmpty(value: OpenApiValue): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

function listOf(value: OpenApiValue | undefined): readonly OpenApiValue[] {
  return Array.isArray(value) ? value : []
}

function plain(value: OpenApiValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The text of a description, and nothing for anything else. */
export function plainText(value: OpenApiValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
