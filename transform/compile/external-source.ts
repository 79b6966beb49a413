/** Sources that are files: `external_location` of a source's meta or config says where, and how they are read. */

import type { Position } from '../../core/problems.ts'
import { problem } from '../../core/problems.ts'
import type { Config } from '../project/project.ts'
import type { Relation } from './graph.ts'

type Source = {
  readonly name: string
  readonly relation: Relation
  readonly config: Config
  readonly meta: Config
  readonly tags: readonly string[]
  readonly at: Position
}

/**
 * What stands for the source in SQL: `'data/orders.csv'`, or a call of a function as it is written.
 * @returns undefined for a source that is a table
 * @throws `model/invalid-property` when the location names a value that is not there
 */
export function externalText(source: Source): string | undefined {
  const { config, meta } = source
  const said: Config = { ...meta, ...config }
  const location = said['external_location']
  if (typeof location !== 'string') return undefined
  const { name, relation, tags, at } = source
  const values: Config = {
    name,
    identifier: relation.name,
    schema: relation.schema,
    database: relation.catalog,
    tags,
    ...said,
  }
  const find = (key: string) => {
    if (Object.hasOwn(values, key)) return String(values[key])
    const reason = `names ${key}, which is neither of the source nor in its meta`
    throw problem('model/invalid-property', { path: `${name}.external_location`, reason }, { at })
  }
  const text = fill(location, said['formatter'], find)
  return text.includes('(') || text.startsWith("'") ? text : `'${text}'`
}

/** Python's `.format`, `%` and `string.Template`, as far as names go. */
function fill(location: string, formatter: unknown, find: (key: string) => string): string {
  switch (formatter) {
    case 'oldstyle':
      return location
        .replaceAll(/%\((\w+)\)s/g, (_, key: string) => find(key))
        .replaceAll('%%', '%')
    case 'template':
      return location
        .replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced?: string, bare?: string) =>
          find(braced ?? bare ?? ''),
        )
        .replaceAll('$$', '$')
    default:
      return location
        .replaceAll(/(?<!\{)\{(\w+)\}(?!\})/g, (_, key: string) => find(key))
        .replaceAll('{{', '{')
        .replaceAll('}}', '}')
  }
}
