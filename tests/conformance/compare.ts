/** Two recordings of a fixture → where they differ, field by field. */
import type { Ours } from './ours.ts'
import type { Recording } from './recording.ts'

export type Difference = {
  readonly fixture: string
  /** `resources/model.shop.orders/config/materialized`: part, id, then the way down. */
  readonly path: string
  /** Undefined where one of them has nothing. */
  readonly dbt: unknown
  readonly ours: unknown
}

export type Found = Omit<Difference, 'fixture'>

/** Everything that is not equal. */
export function compareRecordings(fixture: string, dbt: Recording, ours: Ours): Difference[] {
  const { problems, ...compared } = { ...ours, warnings: deprecationsIn(ours.warnings) }
  const expected = { ...dbt, warnings: deprecationsIn(dbt.warnings) }
  const refused = problems.map((ours): Found => ({ path: 'problems', dbt: undefined, ours }))
  return [...refused, ...differ('', comparable(expected), comparable(compared))].map((found) => ({
    fixture,
    ...found,
  }))
}

/** Of warnings only old spellings are compared, by name: the rest is our own words. */
function deprecationsIn(warnings: readonly string[]): string[] {
  return warnings.filter((name) => name.endsWith('Deprecation'))
}

/** Where two values differ, each place with its way down. */
export function differ(path: string, dbt: unknown, ours: unknown): Found[] {
  if (isObject(dbt) && isObject(ours)) {
    const keys = new Set([...Object.keys(dbt), ...Object.keys(ours)])
    return [...keys].flatMap((key) => differ(path ? `${path}/${key}` : key, dbt[key], ours[key]))
  }
  if (JSON.stringify(dbt) === JSON.stringify(ours)) return []
  if (isObjects(dbt) && isObjects(ours) && dbt.length === ours.length) {
    return dbt.flatMap((entry, index) => differ(`${path}/${index}`, entry, ours[index]))
  }
  const onlyBlanks =
    typeof dbt === 'string' && typeof ours === 'string' && squeeze(dbt) === squeeze(ours)
  return [{ path: onlyBlanks ? `${path}/blanks` : path, dbt, ours }]
}

/** Text whose blanks do not count. */
function squeeze(text: string): string {
  return text.replaceAll(/\s+/g, ' ')
}

function isObjects(value: unknown): value is readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) && value.every(isObject)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Order says nothing in these lists. */
const unordered = /\/(depends_on\/(nodes|macros)|sources)$/

/** What is compared: lists without order sorted, and of dbt's own macros none, since ours are others. */
function comparable(value: unknown, path = ''): unknown {
  if (Array.isArray(value) && unordered.test(path)) {
    const kept = value.filter((id) => !/^macro\.dbt(_duckdb)?\./.test(String(id))).toSorted()
    return kept.length === 0 ? undefined : kept
  }
  if (path.endsWith('/compiled_code')) return String(value).trim() || undefined
  if (Array.isArray(value)) return value.map((part, at) => comparable(part, `${path}/${at}`))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, comparable(part, `${path}/${key}`)]),
  )
}
