/** JSON text as Python's `json.dumps(…, sort_keys=True)` writes it: dbt hashes that text. */

/** @param value maps, lists, texts, booleans, null; bigint for whole numbers, number for others (`1` → `1.0`) */
export function pythonJson(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return pythonFloat(value)
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`
  if (typeof value !== 'object') return quoted(String(value))
  const entries = Object.entries(value).sort(([left], [right]) => byCodePoint(left, right))
  return `{${entries.map(([key, inner]) => `${quoted(key)}: ${pythonJson(inner)}`).join(', ')}}`
}

/** A float as Python's `repr` shows it: always with a point or an exponent of two digits. */
export function pythonFloat(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    return value.toExponential().replace(/e([-+])(\d)$/, 'e$10$2')
  }
  const text = String(value)
  return text.includes('.') ? text : `${text}.0`
}

/** Python sorts texts by code point, JavaScript by UTF-16 unit. */
export function byCodePoint(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

function quoted(text: string): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(text).replaceAll(/[\u007f-\uffff]/g, escaped)
}
