/**
 * What templates have asked about relations, kept while it holds: in a project whose test macros look columns up,
 * the same question comes hundreds of times.
 */
import type { Relation } from '../compile/graph.ts'
import type { QueryResult, TemplateDatabase } from '../stdlib/database.ts'

/** A look at one part of the catalog, with nothing beside it that could change. */
const catalogQuery =
  /^\s*select\b[^;()]*(?:\([^;()]*\)[^;()]*)*\bfrom\s+(?:system\.)?information_schema\.(?:columns|tables|schemata)\b(?![^;]*\b(?:from|join)\b)[^;]*$/i
const describeQuery =
  /^\s*(?:select\b[^;()]*(?:\([^;()]*\)[^;()]*)*\bfrom\s*\(\s*)?describe\s+[^\s;()]+\s*\)?\s*$/i
const reading = /^\s*(?:select|describe|with|from|show|summarize|explain|values|pragma)\b/i
/** It reads as a query, but another time it may not answer the same. */
const passing = /\b(?:nextval|random|uuid|now|current_)/i

export class Lookups {
  readonly #answers = new Map<string, Promise<QueryResult>>()

  /** Drops what was answered about a relation, and every list of relations. */
  drop({ name }: Pick<Relation, 'name'>): void {
    const needle = name.toLowerCase()
    for (const sql of this.#answers.keys()) {
      if (sql.includes(needle) || !describeQuery.test(sql)) this.#answers.delete(sql)
    }
  }

  clear(): void {
    this.#answers.clear()
  }

  /**
   * The database as the templates of one node see it. Questions about the node's own relation always go through:
   * what it has written is nobody else's business before it is committed.
   * @param own name of the node's relation; undefined for a node that writes none
   */
  over(database: TemplateDatabase, own: string | undefined): TemplateDatabase {
    const needle = own?.toLowerCase()
    let hasWritten = false
    return {
      ...database,
      query: async (sql) => {
        if (!reading.test(sql)) {
          hasWritten = true
          this.clear()
          try {
            return await database.query(sql)
          } finally {
            this.clear()
          }
        }
        const key = sql.toLowerCase()
        const isKept = catalogQuery.test(sql) || describeQuery.test(sql)
        if (!isKept || hasWritten || passing.test(sql)) return await database.query(sql)
        if (needle !== undefined && key.includes(needle)) return await database.query(sql)
        return await this.#ask(key, () => database.query(sql))
      },
    }
  }

  #ask(key: string, query: () => Promise<QueryResult>): Promise<QueryResult> {
    const known = this.#answers.get(key)
    if (known !== undefined) return known
    const answer = query()
    this.#answers.set(key, answer)
    // A question that failed is asked again; one that was dropped meanwhile is not put back.
    answer.catch(() => {
      if (this.#answers.get(key) === answer) this.#answers.delete(key)
    })
    return answer
  }
}
