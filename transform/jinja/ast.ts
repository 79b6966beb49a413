/** What the parser makes of a template. `at` is the character offset in the source, for messages. */

export type Expression = { readonly at: number } & (
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'list' | 'tuple'; readonly items: readonly Expression[] }
  | { readonly kind: 'dict'; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: 'attribute'; readonly object: Expression; readonly name: string }
  | { readonly kind: 'item'; readonly object: Expression; readonly index: Expression }
  | {
      readonly kind: 'slice'
      readonly object: Expression
      readonly bounds: readonly (Expression | undefined)[]
    }
  | { readonly kind: 'call'; readonly callee: Expression; readonly args: readonly Argument[] }
  | {
      readonly kind: 'filter' | 'test'
      readonly name: string
      readonly value: Expression
      readonly args: readonly Argument[]
    }
  | { readonly kind: 'unary'; readonly operator: '-' | '+' | 'not'; readonly value: Expression }
  | {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'compare'
      readonly first: Expression
      readonly rest: readonly { readonly operator: CompareOperator; readonly value: Expression }[]
    }
  | {
      readonly kind: 'condition'
      readonly test: Expression
      readonly then: Expression
      readonly otherwise: Expression | undefined
    }
)

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**' | '~'
export type CompareOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in'

export type Argument = {
  readonly kind: 'positional' | 'spread' | 'named' | 'spread-named'
  readonly name: string
  readonly value: Expression
}

/** Where a value goes: a name, `ns.attribute`, or several of them. */
export type Target =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'attribute'; readonly object: string; readonly name: string }
  | { readonly kind: 'tuple'; readonly targets: readonly Target[] }

export type Parameter = { readonly name: string; readonly fallback: Expression | undefined }

export type Body = readonly Statement[]

export type Statement = { readonly at: number } & (
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output' | 'do'; readonly value: Expression }
  | {
      readonly kind: 'if'
      readonly branches: readonly { readonly test: Expression; readonly body: Body }[]
      readonly otherwise: Body
    }
  | {
      readonly kind: 'for'
      readonly target: Target
      readonly items: Expression
      readonly test: Expression | undefined
      readonly body: Body
      readonly otherwise: Body
    }
  | { readonly kind: 'set'; readonly target: Target; readonly value: Expression }
  | {
      readonly kind: 'set-block'
      readonly target: Target
      readonly filters: readonly FilterCall[]
      readonly body: Body
    }
  | { readonly kind: 'filter-block'; readonly filters: readonly FilterCall[]; readonly body: Body }
  | {
      readonly kind: 'with'
      readonly entries: readonly { readonly target: Target; readonly value: Expression }[]
      readonly body: Body
    }
  | {
      readonly kind: 'call-block'
      readonly parameters: readonly Parameter[]
      readonly call: Expression
      readonly body: Body
    }
  | { readonly kind: 'break' | 'continue' }
  | MacroStatement
  | DefinitionStatement
)

export type FilterCall = {
  readonly name: string
  readonly args: readonly Argument[]
  readonly at: number
}

type MacroStatement = {
  readonly at: number
  readonly kind: 'macro'
  readonly name: string
  readonly parameters: readonly Parameter[]
  readonly body: Body
}

/** A block of dbt's own that names something and renders to nothing where it stands. */
type DefinitionStatement = {
  readonly at: number
  readonly kind: 'definition'
  readonly tag: DefinitionTag
  readonly name: string
  readonly parameters: readonly Parameter[]
  /** `adapter='duckdb'` or `default` of a materialization. */
  readonly options: readonly Argument[]
  readonly body: Body
}

export const definitionTags = ['materialization', 'test', 'data_test', 'snapshot', 'docs'] as const
export type DefinitionTag = (typeof definitionTags)[number]
