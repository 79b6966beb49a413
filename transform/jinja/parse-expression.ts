/** Tokens → expressions, by Jinja's grammar and precedence. */
import type {
  Argument,
  BinaryOperator,
  CompareOperator,
  Expression,
  FilterCall,
  Target,
} from './ast.ts'
import { SyntaxFault } from './syntax-fault.ts'
import type { TokenStream } from './token-stream.ts'

/** Deeper nesting than this is noise, and would overflow the stack. */
const maxDepth = 200

/** An expression with an optional `if … else …`. */
export function parseExpression(tokens: TokenStream, depth = 0): Expression {
  if (depth > maxDepth) throw tokens.unexpected('less nesting')
  let value = parseOr(tokens, depth + 1)
  while (tokens.isName('if')) {
    const { at } = tokens.next()
    const test = parseOr(tokens, depth + 1)
    const otherwise = tokens.skip('name', 'else') ? parseExpression(tokens, depth + 1) : undefined
    // biome-ignore lint/suspicious/noThenProperty: an AST node, never awaited
    value = { kind: 'condition', test, then: value, otherwise, at }
  }
  return value
}

/** An expression, or several with commas between, which make a tuple. */
export function parseTupleOrExpression(tokens: TokenStream): Expression {
  const first = parseExpression(tokens)
  if (!tokens.isOperator(',')) return first
  const items = [first]
  while (tokens.skip('operator', ',')) {
    if (isExpressionEnd(tokens)) break
    items.push(parseExpression(tokens))
  }
  return { kind: 'tuple', items, at: first.at }
}

/** `a`, `ns.a`, or `a, b`, possibly in parentheses. */
export function parseTarget(tokens: TokenStream): Target {
  const targets = [parseOneTarget(tokens)]
  let isTuple = false
  while (tokens.skip('operator', ',')) {
    isTuple = true
    if (!tokens.is('name') || tokens.isName('in')) break
    targets.push(parseOneTarget(tokens))
  }
  const first = targets[0]
  return isTuple || first === undefined ? { kind: 'tuple', targets } : first
}

function parseOneTarget(tokens: TokenStream): Target {
  if (tokens.skip('operator', '(')) {
    const inner = parseTarget(tokens)
    tokens.expect('operator', ')')
    return inner
  }
  const name = tokens.expect('name').value
  if (!tokens.skip('operator', '.')) return { kind: 'name', name }
  return { kind: 'attribute', object: name, name: tokens.expect('name').value }
}

function isExpressionEnd(tokens: TokenStream): boolean {
  return tokens.is('tag-end') || tokens.is('output-end') || /^[)=:]$/.test(tokens.current.value)
}

function parseOr(tokens: TokenStream, depth: number): Expression {
  let left = parseAnd(tokens, depth)
  while (tokens.isName('or')) {
    const { at } = tokens.next()
    left = { kind: 'or', left, right: parseAnd(tokens, depth), at }
  }
  return left
}

function parseAnd(tokens: TokenStream, depth: number): Expression {
  let left = parseNot(tokens, depth)
  while (tokens.isName('and')) {
    const { at } = tokens.next()
    left = { kind: 'and', left, right: parseNot(tokens, depth), at }
  }
  return left
}

function parseNot(tokens: TokenStream, depth: number): Expression {
  if (depth > maxDepth) throw tokens.unexpected('less nesting')
  if (!tokens.isName('not')) return parseCompare(tokens, depth)
  const { at } = tokens.next()
  return { kind: 'unary', operator: 'not', value: parseNot(tokens, depth + 1), at }
}

const compareOperators: readonly string[] = ['==', '!=', '<', '<=', '>', '>=']

function parseCompare(tokens: TokenStream, depth: number): Expression {
  const first = parseSum(tokens, depth)
  const rest: { operator: CompareOperator; value: Expression }[] = []
  for (;;) {
    const operator = readCompareOperator(tokens)
    if (operator === undefined) break
    rest.push({ operator, value: parseSum(tokens, depth) })
  }
  return rest.length === 0 ? first : { kind: 'compare', first, rest, at: first.at }
}

function readCompareOperator(tokens: TokenStream): CompareOperator | undefined {
  if (tokens.is('operator') && compareOperators.includes(tokens.current.value)) {
    // Membership in the list above is what makes this one of the union.
    return tokens.next().value as CompareOperator
  }
  if (tokens.skip('name', 'in')) return 'in'
  if (tokens.isName('not') && tokens.peek(1).kind === 'name' && tokens.peek(1).value === 'in') {
    tokens.next()
    tokens.next()
    return 'not in'
  }
  return undefined
}

/** Builds a parser of one level of left-associative operators. */
function binaryLevel(
  operators: readonly BinaryOperator[],
  operand: (tokens: TokenStream, depth: number) => Expression,
): (tokens: TokenStream, depth: number) => Expression {
  return (tokens, depth) => {
    let left = operand(tokens, depth)
    for (;;) {
      const { kind, value } = tokens.current
      if (kind !== 'operator') return left // as after most values
      const operator = operators.find((candidate) => candidate === value)
      if (operator === undefined) return left
      const { at } = tokens.next()
      left = { kind: 'binary', operator, left, right: operand(tokens, depth), at }
    }
  }
}

const parsePower = binaryLevel(['**'], (tokens, depth) => parseUnary(tokens, depth, true))
const parseProduct = binaryLevel(['*', '/', '//', '%'], parsePower)
const parseConcat = binaryLevel(['~'], parseProduct)
const parseSum = binaryLevel(['+', '-'], parseConcat)

/** As in Jinja, a filter binds to the whole of `-x`, and `-2 ** 2` is 4. */
function parseUnary(tokens: TokenStream, depth: number, withFilters: boolean): Expression {
  if (depth > maxDepth) throw tokens.unexpected('less nesting')
  const value = parsePostfix(tokens, parseSigned(tokens, depth), depth)
  return withFilters ? parseFilters(tokens, value, depth) : value
}

function parseSigned(tokens: TokenStream, depth: number): Expression {
  for (const operator of ['-', '+'] as const) {
    if (tokens.isOperator(operator)) {
      const { at } = tokens.next()
      return { kind: 'unary', operator, value: parseUnary(tokens, depth + 1, false), at }
    }
  }
  return parsePrimary(tokens, depth)
}

function parsePrimary(tokens: TokenStream, depth: number): Expression {
  const token = tokens.next()
  const { at } = token
  switch (token.kind) {
    case 'name':
      return parseNameOrConstant(token.value, at)
    case 'integer':
      return { kind: 'literal', value: Number(token.value), at }
    case 'float':
      return { kind: 'float', value: Number(token.value), at }
    case 'string': {
      let value = token.value
      while (tokens.is('string')) value += tokens.next().value
      return { kind: 'literal', value, at }
    }
    case 'operator':
      if (token.value === '(') return parseParenthesis(tokens, at, depth)
      if (token.value === '[') {
        return { kind: 'list', items: parseItems(tokens, ']', depth), at }
      }
      if (token.value === '{') return parseDict(tokens, at, depth)
  }
  const found = token.value === '' ? 'end' : token.value
  throw new SyntaxFault(`unexpected ${found}, a value was expected`, at)
}

function parseNameOrConstant(name: string, at: number): Expression {
  switch (name) {
    case 'true':
    case 'True':
      return { kind: 'literal', value: true, at }
    case 'false':
    case 'False':
      return { kind: 'literal', value: false, at }
    case 'none':
    case 'None':
      return { kind: 'literal', value: null, at }
    default:
      return { kind: 'name', name, at }
  }
}

function parseParenthesis(tokens: TokenStream, at: number, depth: number): Expression {
  if (tokens.skip('operator', ')')) return { kind: 'tuple', items: [], at }
  const first = parseExpression(tokens, depth + 1)
  if (tokens.skip('operator', ')')) return first
  const items = [first]
  while (tokens.skip('operator', ',')) {
    if (tokens.isOperator(')')) break
    items.push(parseExpression(tokens, depth + 1))
  }
  tokens.expect('operator', ')')
  return { kind: 'tuple', items, at }
}

function parseItems(tokens: TokenStream, closer: string, depth: number): Expression[] {
  const items: Expression[] = []
  while (!tokens.isOperator(closer)) {
    items.push(parseExpression(tokens, depth + 1))
    if (!tokens.skip('operator', ',')) break
  }
  tokens.expect('operator', closer)
  return items
}

function parseDict(tokens: TokenStream, at: number, depth: number): Expression {
  const entries: (readonly [Expression, Expression])[] = []
  while (!tokens.isOperator('}')) {
    const key = parseExpression(tokens, depth + 1)
    tokens.expect('operator', ':')
    entries.push([key, parseExpression(tokens, depth + 1)])
    if (!tokens.skip('operator', ',')) break
  }
  tokens.expect('operator', '}')
  return { kind: 'dict', entries, at }
}

function parsePostfix(tokens: TokenStream, start: Expression, depth: number): Expression {
  let value = start
  for (;;) {
    const { at } = tokens.current
    if (tokens.skip('operator', '.')) {
      if (tokens.is('integer')) {
        const index = Number(tokens.next().value)
        value = { kind: 'item', object: value, index: { kind: 'literal', value: index, at }, at }
      } else {
        value = { kind: 'attribute', object: value, name: tokens.expect('name').value, at }
      }
    } else if (tokens.skip('operator', '[')) {
      value = parseSubscript(tokens, value, at, depth)
    } else if (tokens.isOperator('(')) {
      value = { kind: 'call', callee: value, args: parseArguments(tokens, depth), at: value.at }
    } else {
      return value
    }
  }
}

function parseSubscript(
  tokens: TokenStream,
  object: Expression,
  at: number,
  depth: number,
): Expression {
  const bounds: (Expression | undefined)[] = [undefined]
  let isSlice = false
  while (!tokens.isOperator(']')) {
    if (tokens.skip('operator', ':')) {
      isSlice = true
      bounds.push(undefined)
    } else {
      bounds[bounds.length - 1] = parseExpression(tokens, depth + 1)
      if (!tokens.isOperator(':')) break
    }
  }
  tokens.expect('operator', ']')
  const index = bounds[0]
  if (isSlice) return { kind: 'slice', object, bounds, at }
  if (index === undefined) throw tokens.unexpected('an index')
  return { kind: 'item', object, index, at }
}

/** `(a, b=1, *rest, **named)`; the current token is the parenthesis. */
function parseArguments(tokens: TokenStream, depth = 0): Argument[] {
  tokens.expect('operator', '(')
  const args: Argument[] = []
  while (!tokens.isOperator(')')) {
    if (tokens.skip('operator', '**')) {
      args.push({ kind: 'spread-named', name: '', value: parseExpression(tokens, depth + 1) })
    } else if (tokens.skip('operator', '*')) {
      args.push({ kind: 'spread', name: '', value: parseExpression(tokens, depth + 1) })
    } else if (
      tokens.is('name') &&
      tokens.peek(1).value === '=' &&
      tokens.peek(1).kind === 'operator'
    ) {
      const name = tokens.next().value
      tokens.next()
      args.push({ kind: 'named', name, value: parseExpression(tokens, depth + 1) })
    } else {
      args.push({ kind: 'positional', name: '', value: parseExpression(tokens, depth + 1) })
    }
    if (!tokens.skip('operator', ',')) break
  }
  tokens.expect('operator', ')')
  return args
}

/** `| name(args) | …` and `is [not] name args`, which bind tighter than any operator. */
function parseFilters(tokens: TokenStream, start: Expression, depth: number): Expression {
  let value = start
  for (;;) {
    if (tokens.isOperator('|')) {
      const { at } = tokens.next()
      const name = parseDottedName(tokens)
      const args = tokens.isOperator('(') ? parseArguments(tokens, depth) : []
      value = parsePostfix(tokens, { kind: 'filter', name, value, args, at }, depth)
    } else if (tokens.isName('is')) {
      value = parseTest(tokens, value, depth)
    } else {
      return value
    }
  }
}

/** The filters of `{% filter a | b(1) %}` and `{% set x | a %}`. */
export function parseFilterChain(tokens: TokenStream): FilterCall[] {
  const filters: FilterCall[] = []
  do {
    const { at } = tokens.current
    const name = parseDottedName(tokens)
    filters.push({ name, args: tokens.isOperator('(') ? parseArguments(tokens) : [], at })
  } while (tokens.skip('operator', '|'))
  return filters
}

function parseDottedName(tokens: TokenStream): string {
  let name = tokens.expect('name').value
  while (tokens.skip('operator', '.')) name += `.${tokens.expect('name').value}`
  return name
}

function parseTest(tokens: TokenStream, value: Expression, depth: number): Expression {
  const { at } = tokens.next()
  const isNegated = tokens.skip('name', 'not')
  const name = tokens.expect('name').value
  let args: Argument[] = []
  if (tokens.isOperator('(')) args = parseArguments(tokens, depth)
  else if (startsTestArgument(tokens)) {
    const operand = parsePostfix(tokens, parsePrimary(tokens, depth), depth)
    args = [{ kind: 'positional', name: '', value: operand }]
  }
  const test: Expression = { kind: 'test', name, value, args, at }
  return isNegated ? { kind: 'unary', operator: 'not', value: test, at } : test
}

function startsTestArgument(tokens: TokenStream): boolean {
  const { kind, value } = tokens.current
  if (kind === 'name') return !['else', 'or', 'and', 'is', 'if', 'not', 'in'].includes(value)
  return kind === 'string' || kind === 'integer' || kind === 'float' || /^[[{]$/.test(value)
}
