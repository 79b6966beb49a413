/** One entry of the config `indexes`. */
import {
  HostFunction,
  type HostObject,
  isTruthy,
  itemsOf,
  makeHostObject,
  TemplateFault,
  toRepr,
  toText,
} from '../jinja/values.ts'

/**
 * @param raw `{columns: [a, b], unique: true}`
 * @param md5 hex digest
 * @param now ISO 8601; part of the name, so that an index is made anew beside the old one
 * @throws TemplateFault for anything else
 */
export function parseIndex(raw: unknown, md5: (text: string) => string, now: string): unknown {
  if (raw == null) return null
  if (!(raw instanceof Map)) {
    throw new TemplateFault(`an index is a dict with columns, not ${toRepr(raw)}`)
  }
  const strange = [...raw.keys()].find((key) => key !== 'columns' && key !== 'unique')
  const columns = Array.isArray(raw.get('columns')) ? itemsOf(raw.get('columns')).map(toText) : []
  if (strange !== undefined || columns.length === 0) {
    const reason = strange === undefined ? 'columns are missing' : `unknown key ${toText(strange)}`
    throw new TemplateFault(`Could not parse index config: ${reason}`)
  }
  return indexValue(columns, isTruthy(raw.get('unique') ?? false), md5, now)
}

function indexValue(
  columns: readonly string[],
  unique: boolean,
  md5: (text: string) => string,
  now: string,
): HostObject {
  const render = new HostFunction('render', ({ positional: [relation] }) =>
    md5([...columns, toText(relation), unique ? 'True' : 'False', now].join('_')),
  )
  return makeHostObject({ columns: [...columns], unique, render }, () => columns.join(', '))
}
