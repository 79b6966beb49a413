/** Tokens → statements: the blocks of a template. */
import {
  type Argument,
  type Body,
  type DefinitionTag,
  definitionTags,
  type Parameter,
  type Statement,
} from './ast.ts'
import { tokenize } from './lexer.ts'
import {
  parseExpression,
  parseFilterChain,
  parseTarget,
  parseTupleOrExpression,
} from './parse-expression.ts'
import { SyntaxFault } from './syntax-fault.ts'
import { TokenStream } from './token-stream.ts'

/** Blocks nested deeper than this are noise, and would overflow the stack. */
const maxDepth = 100

/** @throws SyntaxFault with the offset of what is wrong */
export function parseTemplate(source: string): Body {
  const tokens = new TokenStream(tokenize(source))
  const { body } = parseBody(tokens, [], 0, 0)
  return body
}

/** Statements up to one of the `ends`, whose tag is left open behind its name. */
function parseBody(
  tokens: TokenStream,
  ends: readonly string[],
  opened: number,
  depth: number,
): { body: Body; end: string } {
  if (depth > maxDepth) throw new SyntaxFault('blocks are nested too deep', opened)
  const body: Statement[] = []
  for (;;) {
    const token = tokens.next()
    switch (token.kind) {
      case 'text':
        body.push({ kind: 'text', text: token.value, at: token.at })
        break
      case 'output-begin':
        body.push({ kind: 'output', value: parseTupleOrExpression(tokens), at: token.at })
        tokens.expect('output-end')
        break
      case 'tag-begin': {
        const tag = tokens.expect('name').value
        if (ends.includes(tag)) return { body, end: tag }
        body.push(parseTag(tokens, tag, token.at, depth))
        break
      }
      case 'end':
        if (ends.length === 0) return { body, end: '' }
        throw new SyntaxFault(`this block is never closed with {% ${ends.at(-1)} %}`, opened)
      default:
        throw new SyntaxFault(`unexpected ${token.value}`, token.at)
    }
  }
}

function parseTag(tokens: TokenStream, tag: string, at: number, depth: number): Statement {
  switch (tag) {
    case 'if':
      return parseIf(tokens, at, depth)
    case 'for':
      return parseFor(tokens, at, depth)
    case 'set':
      return parseSet(tokens, at, depth)
    case 'macro': {
      const name = tokens.expect('name').value
      const parameters = parseParameters(tokens)
      return { kind: 'macro', name, parameters, body: block(tokens, 'endmacro', at, depth), at }
    }
    case 'call': {
      const parameters = tokens.isOperator('(') ? parseParameters(tokens) : []
      const call = parseExpression(tokens)
      if (call.kind !== 'call') throw new SyntaxFault('{% call %} needs a call', call.at)
      return { kind: 'call-block', parameters, call, body: block(tokens, 'endcall', at, depth), at }
    }
    case 'filter': {
      const filters = parseFilterChain(tokens)
      return { kind: 'filter-block', filters, body: block(tokens, 'endfilter', at, depth), at }
    }
    case 'with':
      return parseWith(tokens, at, depth)
    case 'do': {
      const value = parseTupleOrExpression(tokens)
      endTag(tokens)
      return { kind: 'do', value, at }
    }
    case 'break':
    case 'continue':
      endTag(tokens)
      return { kind: tag, at }
    default:
      return parseDefinition(tokens, tag, at, depth)
  }
}

function isDefinitionTag(tag: string): tag is DefinitionTag {
  return (definitionTags as readonly string[]).includes(tag)
}

function parseDefinition(tokens: TokenStream, tag: string, at: number, depth: number): Statement {
  if (!isDefinitionTag(tag)) throw new SyntaxFault(`unknown tag ${tag}`, at)
  const name = tokens.expect('name').value
  const parameters = tokens.isOperator('(') ? parseParameters(tokens) : []
  const options: Argument[] = []
  while (tokens.skip('operator', ',')) {
    const option = tokens.expect('name')
    const value = tokens.skip('operator', '=')
      ? parseExpression(tokens)
      : ({ kind: 'literal', value: true, at: option.at } as const)
    options.push({ kind: 'named', name: option.value, value })
  }
  const body = block(tokens, `end${tag === 'data_test' ? 'test' : tag}`, at, depth)
  return { kind: 'definition', tag, name, parameters, options, body, at }
}

/** The body of a block that has one end. */
function block(tokens: TokenStream, end: string, at: number, depth: number): Body {
  endTag(tokens)
  const { body } = parseBody(tokens, [end], at, depth + 1)
  if (tokens.is('name')) tokens.next()
  endTag(tokens)
  return body
}

function endTag(tokens: TokenStream): void {
  // Jinja allows a colon before the end: {% if x: %}.
  tokens.skip('operator', ':')
  tokens.expect('tag-end')
}

function parseIf(tokens: TokenStream, at: number, depth: number): Statement {
  const branches: { test: ReturnType<typeof parseExpression>; body: Body }[] = []
  let otherwise: Body = []
  let test = parseTupleOrExpression(tokens)
  endTag(tokens)
  for (;;) {
    const { body, end } = parseBody(tokens, ['elif', 'else', 'endif'], at, depth + 1)
    branches.push({ test, body })
    if (end === 'elif') {
      test = parseTupleOrExpression(tokens)
      endTag(tokens)
      continue
    }
    endTag(tokens)
    if (end === 'else') {
      otherwise = parseBody(tokens, ['endif'], at, depth + 1).body
      endTag(tokens)
    }
    return { kind: 'if', branches, otherwise, at }
  }
}

function parseFor(tokens: TokenStream, at: number, depth: number): Statement {
  const target = parseTarget(tokens)
  tokens.expect('name', 'in')
  const { items, test } = splitLoopFilter(tokens)
  tokens.skip('name', 'recursive')
  endTag(tokens)
  const { body, end } = parseBody(tokens, ['else', 'endfor'], at, depth + 1)
  endTag(tokens)
  let otherwise: Body = []
  if (end === 'else') {
    otherwise = parseBody(tokens, ['endfor'], at, depth + 1).body
    endTag(tokens)
  }
  return { kind: 'for', target, items, test, body, otherwise, at }
}

/** In `for x in items if test` the `if` has no `else`; the expression parser has read it as a condition. */
function splitLoopFilter(tokens: TokenStream) {
  const items = parseTupleOrExpression(tokens)
  if (items.kind === 'condition' && items.otherwise === undefined) {
    return { items: items.then, test: items.test }
  }
  return { items, test: undefined }
}

function parseSet(tokens: TokenStream, at: number, depth: number): Statement {
  const target = parseTarget(tokens)
  if (tokens.skip('operator', '=')) {
    const value = parseTupleOrExpression(tokens)
    endTag(tokens)
    return { kind: 'set', target, value, at }
  }
  const filters = tokens.skip('operator', '|') ? parseFilterChain(tokens) : []
  return { kind: 'set-block', target, filters, body: block(tokens, 'endset', at, depth), at }
}

function parseWith(tokens: TokenStream, at: number, depth: number): Statement {
  const entries = []
  while (!tokens.is('tag-end')) {
    const name = tokens.expect('name').value
    tokens.expect('operator', '=')
    entries.push({ target: { kind: 'name', name } as const, value: parseExpression(tokens) })
    if (!tokens.skip('operator', ',')) break
  }
  return { kind: 'with', entries, body: block(tokens, 'endwith', at, depth), at }
}

/** `(a, b=1, c: string = 'x')`; types are read and left aside. */
function parseParameters(tokens: TokenStream): Parameter[] {
  tokens.expect('operator', '(')
  const parameters: Parameter[] = []
  while (!tokens.isOperator(')')) {
    const name = tokens.expect('name').value
    if (tokens.skip('operator', ':')) skipType(tokens)
    const fallback = tokens.skip('operator', '=') ? parseExpression(tokens) : undefined
    parameters.push({ name, fallback })
    if (!tokens.skip('operator', ',')) break
  }
  tokens.expect('operator', ')')
  return parameters
}

function skipType(tokens: TokenStream): void {
  tokens.expect('name')
  if (!tokens.skip('operator', '[')) return
  do skipType(tokens)
  while (tokens.skip('operator', ','))
  tokens.expect('operator', ']')
}
