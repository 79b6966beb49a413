/** A relation as templates see it: prints its quoted name and answers `.schema`, `.identifier` and the like. */
import { quoteIdent } from '../../core/sql.ts'
import { bindNamed } from '../jinja/call-arguments.ts'
import {
  type Arguments,
  HostFunction,
  type HostObject,
  hostObject,
  isHostObject,
  isNumber,
  isTruthy,
  itemsOf,
  makeHostObject,
  numberOf,
  TemplateFault,
  toText,
  Undefined,
} from '../jinja/values.ts'

/** Empty text is a part that a relation does not have. */
export type RelationPath = {
  readonly catalog: string
  readonly schema: string
  readonly name: string
}

const parts = ['database', 'schema', 'identifier'] as const
type Part = (typeof parts)[number]
type Policy = Readonly<Record<Part, boolean>>

const everything: Policy = { database: true, schema: true, identifier: true }

/** How a relation is printed. */
export type Look = {
  /** Instead of the name: a CTE, a subquery, a file. */
  readonly text?: string | undefined
  readonly include: Policy
  readonly quote: Policy
  /** Rows that are read at most; 0 for `--empty`. */
  readonly limit?: number | undefined
  /** Rows that are read, by the time of their event; for `--sample` and microbatch. */
  readonly eventTime?: EventTimeFilter | undefined
  /** Of an information schema: what is looked at in it. */
  readonly view?: string | undefined
}

type EventTimeFilter = {
  readonly field: string
  /** As text that DuckDB reads; at least one of the two. */
  readonly start?: string | undefined
  readonly end?: string | undefined
}

const plainLook: Look = { include: everything, quote: everything }

/** Names quoted as `quoting` says: true or false for `database`, `schema` and `identifier`, quoted without a word. */
export function quotedLook(quoting: Readonly<Record<string, unknown>>): Look {
  const isQuoted = (part: Part) => quoting[part] !== false
  const quote = {
    database: isQuoted('database'),
    schema: isQuoted('schema'),
    identifier: isQuoted('identifier'),
  }
  return { include: everything, quote }
}

export class RelationValue implements HostObject {
  readonly [hostObject] = true
  /** The node or source it stands for; empty for one that a template made or the database gave. */
  readonly id: string
  readonly relation: RelationPath
  /** `table`, `view`, `cte`, …; undefined where nobody has said it: refs and sources have none in dbt. */
  readonly kind: string | undefined
  readonly look: Look

  /** @param look how it is printed, or the text to print */
  constructor(id: string, relation: RelationPath, kind?: string, look: string | Look = plainLook) {
    this.id = id
    this.relation = relation
    this.kind = kind
    this.look = typeof look === 'string' ? { ...plainLook, text: look } : look
  }

  part(name: Part): string {
    const { catalog, schema, name: identifier } = this.relation
    if (this.kind !== 'cte' || this.look.text === undefined) {
      return { database: catalog, schema, identifier }[name]
    }
    return name === 'identifier' && /^\w+$/.test(this.look.text) ? this.look.text : ''
  }

  attribute(name: string): unknown {
    if (Object.hasOwn(constants, name)) return constants[name]
    if (Object.hasOwn(attributes, name)) return attributes[name]?.(this)
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined
    if (method === undefined) return new Undefined(name)
    return new HostFunction(name, (args) => method(this, args))
  }

  /** What `{{ relation }}` prints: the name, or the part of the rows that is wanted. */
  text(): string {
    const { limit, eventTime } = this.look
    const name = this.rendered()
    if (this.kind === 'function') return name
    const where = limit === 0 ? 'where false ' : ''
    const limited = limit === undefined ? name : `(select * from ${name} ${where}limit ${limit})`
    const within = eventTime === undefined ? '' : eventTimeSql(eventTime)
    return within === '' ? limited : `(select * from ${limited} where ${within})`
  }

  /** The name alone. */
  rendered(): string {
    const { text, include, quote, view } = this.look
    if (text !== undefined) return text
    const printed = parts.flatMap((part) => {
      const value = this.part(part)
      if (!include[part] || value === '') return []
      return [quote[part] ? quoteIdent(value) : value]
    })
    return [...printed, ...(view === undefined ? [] : [view])].join('.')
  }

  order(other: unknown): number | undefined {
    if (!(other instanceof RelationValue)) return undefined
    const [left, right] = [this.#key(), other.#key()]
    return left < right ? -1 : left > right ? 1 : 0
  }

  #key(): string {
    return `${this.text()} ${this.kind ?? ''} ${JSON.stringify([this.relation, this.look])}`
  }

  /** The same relation, printed another way. */
  printed(changes: Partial<Look>): RelationValue {
    return new RelationValue(this.id, this.relation, this.kind, { ...this.look, ...changes })
  }

  /** Another relation, printed the same way. */
  renamed(changes: Partial<RelationPath>, kind = this.kind): RelationValue {
    const { text: _, ...look } = this.look
    return new RelationValue('', { ...this.relation, ...changes }, kind, look)
  }
}

function eventTimeSql({ field, start, end }: EventTimeFilter): string {
  const from = start === undefined ? [] : [`${field} >= '${start}'`]
  const to = end === undefined ? [] : [`${field} < '${end}'`]
  return [...from, ...to].join(' and ')
}

const types = {
  Table: 'table',
  View: 'view',
  CTE: 'cte',
  MaterializedView: 'materialized_view',
  External: 'external',
  PointerTable: 'pointer_table',
  Function: 'function',
} as const

const typeNames = makeHostObject({
  ...types,
  Ephemeral: 'ephemeral',
  __call__: new HostFunction('get_relation_type', ({ positional }) => positional[0]),
})

const constants: Readonly<Record<string, unknown>> = {
  ...types,
  get_relation_type: typeNames,
  metadata: new Map([['type', 'DuckDBRelation']]),
  quote_character: '"',
  require_alias: false,
  dbt_created: false,
  can_be_renamed: false,
  can_be_replaced: false,
  renameable_relations: [],
  replaceable_relations: [],
  catalog: null,
}

const orNone = (text: string) => (text === '' ? null : text)
const identifierOf = (self: RelationValue) => orNone(self.part('identifier'))
const isKind = (kind: string) => (self: RelationValue) => self.kind === kind

const attributes: Readonly<Record<string, (self: RelationValue) => unknown>> = {
  database: (self) => orNone(self.part('database')),
  schema: (self) => orNone(self.part('schema')),
  identifier: identifierOf,
  name: identifierOf,
  table: identifierOf,
  type: ({ kind }) => kind ?? null,
  path: (self) =>
    makeHostObject(Object.fromEntries(parts.map((part) => [part, orNone(self.part(part))]))),
  include_policy: ({ look }) => makeHostObject(look.include),
  quote_policy: ({ look }) => makeHostObject(look.quote),
  limit: ({ look }) => look.limit ?? null,
  external: ({ kind, look }) => (kind === 'cte' ? null : (look.text ?? null)),
  information_schema_view: ({ look }) => look.view ?? null,
  event_time_filter: ({ look: { eventTime } }) =>
    eventTime === undefined
      ? null
      : makeHostObject({ field_name: eventTime.field, start: eventTime.start, end: eventTime.end }),
  is_table: isKind('table'),
  is_view: isKind('view'),
  is_cte: isKind('cte'),
  is_materialized_view: isKind('materialized_view'),
  is_pointer: isKind('pointer_table'),
  is_function: isKind('function'),
}

type Method = (self: RelationValue, args: Arguments) => unknown

const methods: Readonly<Record<string, Method>> = {
  render: (self) => self.rendered(),
  render_limited: (self) => self.text(),
  quoted: (_, { positional: [name] }) => quoteIdent(toText(name)),
  include: (self, args) =>
    self.printed({ include: { ...self.look.include, ...policyOf('include', args) } }),
  quote: (self, args) =>
    self.printed({ quote: { ...self.look.quote, ...policyOf('quote', args) } }),
  get: (self, { positional: [key, fallback = null], named }) => {
    const value = self.attribute(toText(key))
    return value instanceof Undefined ? (named.get('default') ?? fallback) : value
  },
  incorporate,
  replace: incorporate,
  replace_path: (self, { named }) => self.renamed(changesOf(named)),
  without_identifier: (self) =>
    self.renamed({ name: '' }).printed({ include: { ...self.look.include, identifier: false } }),
  information_schema: (self, { positional: [view] }) => informationSchema(self, view),
  information_schema_only: (self) => informationSchema(self, undefined),
  matches: (self, args) => {
    const given = bindNamed('matches', parts, args)
    const asked = parts.filter((part) => given[part] != null)
    if (asked.length === 0) throw new TemplateFault('matches() is given nothing to compare with')
    return asked.every((part) => toText(given[part]) === self.part(part))
  },
  add_ephemeral_prefix: (_, { positional: [name] }) => `__dbt__cte__${toText(name)}`,
  scd_args: (_, { positional }) => scdArguments(positional),
  create: (_, args) => createRelation(args),
  to_dict: (self) =>
    new Map<string, unknown>([
      ['path', new Map(parts.map((part) => [part, orNone(self.part(part))]))],
      ['type', self.kind ?? null],
      ['quote_policy', new Map(Object.entries(self.look.quote))],
      ['include_policy', new Map(Object.entries(self.look.include))],
    ]),
  get_function_config: (_, { positional: [model] }) => functionConfig(model),
  get_function_macro_name: (_, { positional: [config] }) =>
    config instanceof Map
      ? `${toText(config.get('type'))}_function_${toText(config.get('language'))}`
      : new Undefined('get_function_macro_name'),
}

/** Anything of it replaced: `path`, `type`, policies, `limit`. */
function incorporate(self: RelationValue, { named }: Arguments): RelationValue {
  const { include, quote } = self.look
  const [path, view, limit] = ['path', 'information_schema_view', 'limit'].map((key) =>
    named.get(key),
  )
  const kind = named.has('type') ? named.get('type') : self.kind
  return self
    .renamed(path === undefined ? {} : changesOf(path), kind == null ? undefined : toText(kind))
    .printed({
      include: { ...include, ...policyIn(named.get('include_policy')) },
      quote: { ...quote, ...policyIn(named.get('quote_policy')) },
      ...(isNumber(limit) ? { limit: numberOf(limit) } : {}),
      ...(view == null ? {} : { view: toText(view) }),
    })
}

function informationSchema(self: RelationValue, view: unknown): RelationValue {
  const { catalog } = self.relation
  return new RelationValue('', { catalog, schema: '', name: 'INFORMATION_SCHEMA' }, 'view', {
    include: { database: catalog !== '', schema: false, identifier: true },
    quote: { ...self.look.quote, identifier: false },
    view: typeof view === 'string' ? view : undefined,
  })
}

/** Every part of a key, and the time of change: what a snapshot's row is known by. */
function scdArguments([key, updatedAt]: readonly unknown[]): unknown[] {
  return [...(Array.isArray(key) ? itemsOf(key) : [key]), updatedAt]
}

function functionConfig(model: unknown): unknown {
  const read = (from: unknown, key: string): unknown => {
    const value = from instanceof Map ? from.get(key) : isHostObject(from) ? from.item?.(key) : null
    return value instanceof Undefined ? undefined : value
  }
  if (read(model, 'resource_type') !== 'function') return null
  const config = read(model, 'config')
  return new Map([
    ['language', read(model, 'language') ?? ''],
    ['type', read(config, 'type') ?? 'scalar'],
    ['runtime_version', read(config, 'runtime_version') ?? null],
    ['entry_point', read(config, 'entry_point') ?? null],
  ])
}

function policyOf(name: string, args: Arguments): Partial<Policy> {
  const given = bindNamed(name, parts, args)
  const asked = parts.filter((part) => given[part] != null)
  return Object.fromEntries(asked.map((part) => [part, isTruthy(given[part])]))
}

function policyIn(value: unknown): Partial<Policy> {
  if (!(value instanceof Map)) return {}
  const asked = parts.filter((part) => value.get(part) != null)
  return Object.fromEntries(asked.map((part) => [part, isTruthy(value.get(part))]))
}

/** Parts that a path names; one that is none goes. */
function changesOf(path: unknown): Partial<RelationPath> {
  const names = { database: 'catalog', schema: 'schema', identifier: 'name' } as const
  const read = (part: Part): unknown => {
    if (path instanceof Map) return path.get(part)
    const value = isPath(path) ? path.attribute(part) : undefined
    return value instanceof Undefined ? undefined : value
  }
  const asked = parts.filter((part) => read(part) !== undefined)
  return Object.fromEntries(
    asked.map((part) => [names[part], read(part) === null ? '' : toText(read(part))]),
  )
}

function isPath(value: unknown): value is HostObject {
  return typeof value === 'object' && value !== null && hostObject in value
}

function createRelation(args: Arguments): RelationValue {
  const parameters = [...parts, 'type', 'quote_policy', 'include_policy', 'limit']
  const given = bindNamed('create', parameters, args)
  const text = (value: unknown) => (value == null ? '' : toText(value))
  const { limit, type } = given
  return new RelationValue(
    '',
    {
      catalog: text(given['database']),
      schema: text(given['schema']),
      name: text(given['identifier']),
    },
    type == null ? undefined : text(type),
    {
      include: { ...everything, ...policyIn(given['include_policy']) },
      quote: { ...everything, ...policyIn(given['quote_policy']) },
      ...(isNumber(limit) ? { limit: numberOf(limit) } : {}),
    },
  )
}

/** `api.Relation`; `load_relation` and the like go through the adapter. */
export const relationType: HostObject = makeHostObject(
  {
    ...types,
    create: new HostFunction('create', createRelation),
    scd_args: new HostFunction('scd_args', ({ positional }) => scdArguments(positional)),
    add_ephemeral_prefix: new HostFunction(
      'add_ephemeral_prefix',
      ({ positional }) => `__dbt__cte__${toText(positional[0])}`,
    ),
    get_relation_type: typeNames,
  },
  () => "<class 'dbt.adapters.duckdb.relation.DuckDBRelation'>",
)
