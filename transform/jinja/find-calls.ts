/** Looks through a template's tree for calls of a name, to say where something stands. */
import type { Argument, Body, Expression } from './ast.ts'

export type FoundCall = {
  readonly at: number
  /** The text of each argument that is a literal; undefined for the others. */
  readonly literals: readonly (string | undefined)[]
}

/** Every call of a plain name, in source order. */
export function findCalls(body: Body, name: string): FoundCall[] {
  const found: FoundCall[] = []
  visit(body, (node) => {
    if (node.kind !== 'call' || node.callee.kind !== 'name' || node.callee.name !== name) return
    found.push({ at: node.at, literals: node.args.map(literalOf) })
  })
  return found.sort((left, right) => left.at - right.at)
}

function literalOf({ value }: Argument): string | undefined {
  return value.kind === 'literal' && typeof value.value === 'string' ? value.value : undefined
}

type Call = Extract<Expression, { kind: 'call' }>

function visit(node: unknown, onCall: (call: Call) => void): void {
  if (Array.isArray(node)) {
    for (const item of node) visit(item, onCall)
  } else if (typeof node === 'object' && node !== null) {
    if (isCall(node)) onCall(node)
    for (const value of Object.values(node)) {
      if (typeof value === 'object') visit(value, onCall)
    }
  }
}

function isCall(node: object): node is Call {
  return 'kind' in node && node.kind === 'call'
}
