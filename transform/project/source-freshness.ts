/** How old a source may be: said for the source and for the table, beside `config:` and inside it. */
import type { Freshness, FreshnessTime } from './project-sources.ts'
import { isObject } from './yaml-file.ts'
import type { YamlNode } from './yaml-node.ts'

const periods = ['minute', 'hour', 'day']

/**
 * What holds for a table, merged as dbt does it: the four places in order, counts and periods one by one, and null
 * (anywhere but before a later word) switching it off.
 */
export function readFreshness(source: YamlNode, table: YamlNode): Freshness | null | undefined {
  const places = [source, source.child('config'), table, table.child('config')]
  let merged: Freshness | null | undefined
  for (const place of places) {
    if (place.get('freshness') === undefined) continue
    const said = readOne(place)
    if (said === null) merged = null
    else if (isSaid(said) || merged !== null) merged = merge(merged, said)
  }
  return merged
}

function readOne(place: YamlNode): Freshness | null {
  if (!place.has('freshness')) return null
  const node = place.child('freshness')
  if (!isObject(node.value)) {
    node.wrong('must be a map with warn_after, error_after and filter')
    return null
  }
  node.warnUnknown(['warn_after', 'error_after', 'filter', 'build_after'])
  return {
    warn_after: readTime(node, 'warn_after'),
    error_after: readTime(node, 'error_after'),
    filter: node.optionalText('filter') ?? null,
  }
}

function readTime(node: YamlNode, key: string): FreshnessTime | null {
  if (node.get(key) === null) return null
  const time = node.child(key)
  const { count = null, period = null } = node.object(key)
  const isPeriod = period === null || periods.includes(String(period)) || isTemplate(period)
  if (!isPeriod) time.child('period').wrong(`must be one of ${periods.join(', ')}`)
  const isCount = count === null || Number.isInteger(count) || isTemplate(count)
  if (!isCount) time.child('count').wrong('must be a whole number')
  return { count, period }
}

function isTemplate(value: unknown): boolean {
  return typeof value === 'string' && value.includes('{{')
}

function merge(base: Freshness | null | undefined, over: Freshness): Freshness {
  if (base === null || base === undefined) return over
  return {
    warn_after: mergeTime(base.warn_after, over.warn_after),
    error_after: mergeTime(base.error_after, over.error_after),
    filter: over.filter ?? base.filter,
  }
}

function mergeTime(base: FreshnessTime | null, over: FreshnessTime | null): FreshnessTime | null {
  return over === null || isWhole(over) || base === null ? over : base
}

function isSaid({ warn_after: warn, error_after: error }: Freshness): boolean {
  return isWhole(warn) || isWhole(error)
}

function isWhole(time: FreshnessTime | null): boolean {
  return time !== null && time.count !== null && time.period !== null
}
