/** Foreign keys of contracts: `to: ref('orders')` is a reference like any other. */
import type { Config, Properties } from '../project/project.ts'
import { quotedLook, RelationValue } from '../stdlib/relation.ts'
import type { Relation } from './graph.ts'
import type { NameIndex } from './index-names.ts'

/** What the constraints of a model and of its columns refer to, as written. */
export function constraintCalls(entry: Properties | undefined): string[] {
  const all = [...(entry?.constraints ?? []), ...(entry?.columns ?? []).flatMap(constraintsOf)]
  return all.flatMap(({ to }) => (typeof to === 'string' && isCall.test(to) ? [to] : []))
}

const isCall = /^\s*(?:ref|source)\s*\(.*\)\s*$/s

function constraintsOf({ constraints }: Properties['columns'][number]): readonly Config[] {
  return constraints
}

/** The constraint with the name of the relation that it refers to, as dbt writes it; `writtenTo` keeps the call. */
export function resolveConstraint(
  index: NameIndex,
  quoting: Config,
  { package: owner }: { readonly package: string },
  relations: ReadonlyMap<string, Relation>,
  written: Config,
): Config {
  const { to } = written
  if (typeof to !== 'string' || !isCall.test(to)) return written
  const texts = [...to.matchAll(/'([^']*)'|"([^"]*)"/g)].map(([, one, two]) => one ?? two ?? '')
  const [source = '', table = ''] = texts
  const version = /\bv(?:ersion)?\s*=\s*['"]?(\w+)/.exec(to)?.[1]
  const parts = version !== undefined && texts.at(-1) === version ? texts.slice(0, -1) : texts
  const id = /^\s*source/.test(to)
    ? index.findSource({ source, table }, owner)
    : index.findRef({ parts, version }, owner)
  const relation = id === undefined ? undefined : relations.get(id)
  if (id === undefined || relation === undefined) return written
  const look = quotedLook(quoting)
  return { ...written, writtenTo: to, to: new RelationValue(id, relation, undefined, look).text() }
}
