/** The conditions of a question as plain data, and as SQL. */
import { quoteIdent } from '../../core/sql.ts'
import type { ParameterValue } from '../sql-endpoint/parse-value.ts'
import type { Literal } from './read-literal.ts'

export type CompareOperator = '=' | '<>' | '>' | '>=' | '<' | '<=' | 'like' | 'ilike'

export type Condition =
  | {
      readonly kind: 'compare'
      readonly column: string
      readonly operator: CompareOperator
      readonly literal: Literal
    }
  | { readonly kind: 'in'; readonly column: string; readonly literals: readonly Literal[] }
  | { readonly kind: 'is'; readonly column: string; readonly state: IsState }
  | { readonly kind: 'and' | 'or'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'not'; readonly condition: Condition }

export type IsState = 'null' | 'not null' | 'true' | 'false'

/** Collects the values of one statement; `bind` gives the placeholder. */
export type Binder = {
  readonly values: ParameterValue[]
  readonly bind: (literal: Literal) => string
}

/** A binder without values. */
export function createBinder(): Binder {
  const values: ParameterValue[] = []
  const bind = (literal: Literal) => {
    values.push(literal.value)
    return literal.wrap(`$${values.length}`)
  }
  return { values, bind }
}

/** The condition as SQL; columns are those of the only table around it. */
export function conditionToSql(condition: Condition, { bind, values }: Binder): string {
  switch (condition.kind) {
    case 'compare':
      return `${quoteIdent(condition.column)} ${condition.operator} ${bind(condition.literal)}`
    case 'in':
      return `${quoteIdent(condition.column)} in (${condition.literals.map(bind).join(', ')})`
    case 'is':
      return `${quoteIdent(condition.column)} is ${condition.state}`
    case 'not':
      return `not (${conditionToSql(condition.condition, { bind, values })})`
    case 'and':
    case 'or': {
      const parts = condition.conditions.map((part) => conditionToSql(part, { bind, values }))
      if (parts.length === 0) return condition.kind === 'and' ? 'true' : 'false'
      return `(${parts.join(` ${condition.kind} `)})`
    }
    default:
      return condition satisfies never
  }
}
