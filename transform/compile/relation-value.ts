/** A relation as templates see it: prints its quoted name and answers `.schema`, `.identifier` and the like. */
import { quoteIdent } from '../../core/sql.ts'
import { bindNamed } from '../jinja/call-arguments.ts'
import {
  type Arguments,
  HostFunction,
  type HostObject,
  hostObject,
  isTruthy,
  makeHostObject,
  toText,
  Undefined,
} from '../jinja/values.ts'
import type { Relation } from './graph.ts'

const parts = ['database', 'schema', 'identifier'] as const
type Part = (typeof parts)[number]
type Policy = Readonly<Record<Part, boolean>>

const everything: Policy = { database: true, schema: true, identifier: true }

type Look = {
  /** What is printed instead of the name: a CTE or a subquery. */
  readonly text: string | undefined
  readonly include: Policy
  readonly quote: Policy
}

export class RelationValue implements HostObject {
  readonly [hostObject] = true
  /** The node or source it stands for; empty for one that a template made or the database gave. */
  readonly id: string
  readonly relation: Relation
  /** `table`, `view`, `cte`, … */
  readonly kind: string
  readonly #look: Look

  constructor(id: string, relation: Relation, kind = 'table', look?: string | Look) {
    this.id = id
    this.relation = relation
    this.kind = kind
    this.#look =
      typeof look === 'object' ? look : { text: look, include: everything, quote: everything }
  }

  attribute(name: string): unknown {
    const { catalog, schema, name: identifier } = this.relation
    switch (name) {
      case 'database':
        return catalog
      case 'schema':
        return schema
      case 'identifier':
      case 'name':
      case 'table':
        return identifier
      case 'type':
        return this.kind
      case 'metadata':
        return metadata
      case 'path':
        return makeHostObject({ database: catalog, schema, identifier })
      case 'is_table':
      case 'is_view':
      case 'is_cte':
        return name === `is_${this.kind}`
    }
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined
    if (method === undefined) return new Undefined(name)
    return new HostFunction(name, (args) => method(this, args))
  }

  text(): string {
    const { text, include, quote } = this.#look
    if (text !== undefined) return text
    const values: Readonly<Record<Part, string>> = {
      database: this.relation.catalog,
      schema: this.relation.schema,
      identifier: this.relation.name,
    }
    const printed = parts.filter((part) => include[part] && values[part] !== '')
    return printed.map((part) => (quote[part] ? quoteIdent(values[part]) : values[part])).join('.')
  }

  order(other: unknown): number | undefined {
    if (!(other instanceof RelationValue)) return undefined
    const [left, right] = [this.text(), other.text()]
    return left < right ? -1 : left > right ? 1 : 0
  }

  /** The same relation, printed another way. */
  printed(key: 'include' | 'quote', changes: Partial<Policy>): RelationValue {
    const look = { ...this.#look, [key]: { ...this.#look[key], ...changes } }
    return new RelationValue(this.id, this.relation, this.kind, look)
  }

  /** Another relation, printed the same way. */
  renamed(changes: Partial<Relation>, kind = this.kind): RelationValue {
    const { include, quote } = this.#look
    const relation = { ...this.relation, ...changes }
    return new RelationValue('', relation, kind, { text: undefined, include, quote })
  }
}

const metadata = new Map([['type', 'DuckDBRelation']])

type Method = (self: RelationValue, args: Arguments) => unknown

const methods: Readonly<Record<string, Method>> = {
  render: (self) => self.text(),
  include: (self, args) => self.printed('include', policyOf('include', args)),
  quote: (self, args) => self.printed('quote', policyOf('quote', args)),
  get: (self, { positional: [key, fallback = null] }) => {
    const value = self.attribute(toText(key))
    return value instanceof Undefined ? fallback : value
  },
  incorporate: (self, { named }) => {
    const path = named.get('path')
    const kind = named.get('type')
    return self.renamed(
      path instanceof Map ? changesOf(path) : {},
      kind == null ? self.kind : toText(kind),
    )
  },
  replace_path: (self, { named }) => self.renamed(changesOf(named)),
  without_identifier: (self) => self.printed('include', { identifier: false }),
  information_schema: (self, { positional: [view] }) =>
    self.renamed({ schema: 'information_schema', name: view == null ? '' : toText(view) }),
  matches: (self, args) => {
    const given = bindNamed('matches', parts, args)
    const own: Readonly<Record<Part, string>> = {
      database: self.relation.catalog,
      schema: self.relation.schema,
      identifier: self.relation.name,
    }
    return parts.every((part) => {
      const wanted = given[part]
      return wanted == null || toText(wanted).toLowerCase() === own[part].toLowerCase()
    })
  },
}

function policyOf(name: string, args: Arguments): Partial<Policy> {
  const given = bindNamed(name, parts, args)
  const asked = parts.filter((part) => given[part] !== undefined)
  return Object.fromEntries(asked.map((part) => [part, isTruthy(given[part])]))
}

function changesOf(path: ReadonlyMap<unknown, unknown>): Partial<Relation> {
  const names = { database: 'catalog', schema: 'schema', identifier: 'name' } as const
  const asked = parts.filter((part) => path.get(part) != null)
  return Object.fromEntries(asked.map((part) => [names[part], toText(path.get(part))]))
}

/** `api.Relation`; `load_relation` and the like go through the adapter. */
export function relationType(catalog: string): HostObject {
  const kinds = ['table', 'view', 'cte', 'materialized_view', 'external', 'ephemeral', 'function']
  const create = new HostFunction('create', (args) => {
    const parameters = [...parts, 'type', 'quote_policy', 'include_policy']
    const given = bindNamed('create', parameters, args)
    const text = (value: unknown) => (value == null ? '' : toText(value))
    const relation = {
      catalog: given['database'] == null ? catalog : text(given['database']),
      schema: text(given['schema']),
      name: text(given['identifier']),
    }
    return new RelationValue('', relation, given['type'] == null ? 'table' : text(given['type']))
  })
  const types = kinds.map((kind) => [kind === 'cte' ? 'CTE' : titled(kind), kind])
  return makeHostObject(
    {
      create,
      get_relation_type: makeHostObject({
        ...Object.fromEntries(types),
        __call__: new HostFunction('get_relation_type', ({ positional }) => positional[0]),
      }),
    },
    () => '<Relation>',
  )
}

/** `materialized_view` → `MaterializedView`. */
function titled(kind: string): string {
  return kind.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())
}
