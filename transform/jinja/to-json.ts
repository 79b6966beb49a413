/** Python's `json.dumps`: a space after `,` and `:`. */
import { Float, isHostObject, TemplateFault, Tuple, toText, Undefined } from './values.ts'

export function toJson(value: unknown, sortKeys = false): string {
  if (value === null) return 'null'
  if (value instanceof Undefined) throw new TemplateFault(`${value.name} is undefined`)
  if (typeof value === 'string') return escapeAscii(JSON.stringify(value))
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') {
    return String(value)
  }
  if (value instanceof Float) return toText(value)
  if (Array.isArray(value)) return `[${value.map((item) => toJson(item, sortKeys)).join(', ')}]`
  if (value instanceof Tuple) return toJson(value.items, sortKeys)
  if (value instanceof Map) {
    const entries = [...value].map(([key, inner]) => [toText(key), inner] as const)
    if (sortKeys) entries.sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, inner]) => `${toJson(key)}: ${toJson(inner, sortKeys)}`).join(', ')}}`
  }
  if (isHostObject(value)) return JSON.stringify(value.text())
  throw new TemplateFault('this value cannot be written as JSON')
}

function escapeAscii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
