/** A relation as templates see it: prints its quoted name and answers `.schema`, `.identifier` and the like. */
import { quoteRelation } from '../../core/sql.ts'
import { HostFunction, type HostObject, hostObject, Undefined } from '../jinja/values.ts'
import type { Relation } from './graph.ts'

export class RelationValue implements HostObject {
  readonly [hostObject] = true
  /** The node or source it stands for. */
  readonly id: string
  readonly relation: Relation
  readonly #text: string
  readonly #kind: string

  constructor(id: string, relation: Relation, kind = 'table', text?: string) {
    this.id = id
    this.relation = relation
    this.#kind = kind
    this.#text = text ?? quoteRelation(relation.catalog, relation.schema, relation.name)
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
        return this.#kind
      case 'is_table':
        return this.#kind === 'table'
      case 'is_view':
        return this.#kind === 'view'
      case 'is_cte':
        return this.#kind === 'cte'
      case 'render':
        return new HostFunction('render', () => this.#text)
      default:
        return new Undefined(name)
    }
  }

  text(): string {
    return this.#text
  }
}
