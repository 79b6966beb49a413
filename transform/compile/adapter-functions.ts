/** `adapter`: what templates ask of the engine. While a project is parsed nothing is asked and answers are empty. */
import { HostFunction, type HostObject, hostObject, Undefined } from '../jinja/values.ts'
import type { AdapterContext } from '../stdlib/adapter-context.ts'
import { adapterQueries } from '../stdlib/adapter-queries.ts'
import { adapterValues } from '../stdlib/adapter-values.ts'
import { columnType } from '../stdlib/column-value.ts'
import { relationType } from '../stdlib/relation.ts'

export function adapterValue(context: AdapterContext): HostObject {
  const attribute = (name: string): unknown => {
    if (name === 'Relation') return relationType
    if (name === 'Column') return columnType
    if (name === 'behavior') return behaviorValue(context.behavior)
    if (Object.hasOwn(adapterValues, name)) {
      return new HostFunction(name, (args) => adapterValues[name]?.(context, args))
    }
    const query = Object.hasOwn(adapterQueries, name) ? adapterQueries[name] : undefined
    if (query === undefined) return new Undefined(`adapter.${name}`)
    return new HostFunction(name, (args) =>
      context.execute ? query.run(context, args) : query.parsed(),
    )
  }
  return { [hostObject]: true, attribute, text: () => '<DuckDBAdapter>' }
}

/** `adapter.behavior.some_flag`: true or false, also under `.no_warn` and `.setting`. */
function behaviorValue(on: ReadonlySet<string>): HostObject {
  // An empty dict is false, and its attributes are undefined, which is false as well.
  const isOn = new Map([
    ['no_warn', true],
    ['setting', true],
  ])
  const attribute = (name: string) => (on.has(name) ? isOn : new Map())
  return { [hostObject]: true, attribute, text: () => '<Behavior>' }
}
