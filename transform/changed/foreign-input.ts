/**
 * What the text of a template reads that is neither ref nor source: a table by its name, a file, a table function. The
 * text is not rendered, so where it cannot be told the answer is yes: a node that runs in vain costs time, one that is
 * left out wrongly is stale.
 */
import { isBlank, type SqlToken, tokenizeSql } from '../../core/sql-tokens.ts'
import { isKnownExpression, type KnownNames } from './known-expression.ts'

/** What stands in parentheses, or all of the text. */
type Scope = {
  /** The word before its parenthesis: `extract`, `trim`, a function. */
  readonly call: string
  /** The CTE that it is the query of. */
  readonly cte: string | undefined
  readonly ctes: Set<string>
  /** Between FROM and the clause after it, where a comma brings another table. */
  isInFrom: boolean
}

const expression = '\ue000'
/** Marks of other texts would be taken for ours. */
const anyMark = /\ue000/

/** Words that end the list of tables after FROM. */
const afterTables =
  /^(where|group|order|having|qualify|limit|offset|window|select|union|intersect|except|set|returning)$/
/** FROM inside their parentheses brings no table. */
const callsWithFrom = /^(extract|trim|substring|overlay)$/
/** At the start of a query a table follows. */
const withoutFrom = /^(table|summarize|describe|pivot|pivot_wider|unpivot|pivot_longer|show)$/
const queryStarts = /^(select|with|values|from)$/
const harmlessFunctions = /^(unnest|range|generate_series|generate_subscripts)$/

/**
 * @param known what expressions may name
 * @param outerCtes CTEs of other texts that this one becomes part of
 * @returns as it is written, or undefined when there is none
 */
export function findForeignInput(
  text: string,
  known: KnownNames,
  outerCtes: ReadonlySet<string> = new Set(),
): string | undefined {
  if (anyMark.test(text)) return 'something in an unusual text'
  const expressions: string[] = []
  const sql = text
    .replaceAll(/\{#[\s\S]*?#\}/g, ' ')
    .replaceAll(/\{\{-?([\s\S]*?)-?\}\}/g, (_, inner: string) => {
      expressions.push(inner)
      return expression
    })
    .replaceAll(/\{%[\s\S]*?%\}/g, ' ')
  return readTables(tokenizeSql(sql), { expressions, known, outerCtes })
}

/** Names of all CTEs of a text, whatever part of it may see them. */
export function cteNames(text: string): string[] {
  const found = text.matchAll(
    /("[^"]+"|\w+)\s*(?:\([^()]*\)\s*)?\bas\s+(?:not\s+)?(?:materialized\s+)?\(/gi,
  )
  return [...found].map(([, name = '']) => plain(name))
}

type Texts = {
  readonly expressions: readonly string[]
  readonly known: KnownNames
  readonly outerCtes: ReadonlySet<string>
}

function readTables(all: readonly SqlToken[], texts: Texts): string | undefined {
  const tokens = all.filter((token) => !isBlank(token))
  const isRecursive = tokens.some((token) => wordOf(token) === 'recursive')
  const scopes: Scope[] = [newScope('', undefined)]
  let expects = false
  let expressionsBefore = 0
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]
    if (token === undefined) break
    const word = wordOf(token)
    const scope = scopes.at(-1)
    if (scope === undefined) return undefined // more closed than opened: no query of its own
    const first = expressionsBefore
    expressionsBefore += marksIn(token.text)
    if (isOpening(token)) {
      const cte = token.text === '(' ? cteBefore(tokens, at) : undefined
      if (cte !== undefined && isRecursive) scope.ctes.add(cte)
      const inner = newScope(wordOf(tokens[at - 1]), cte)
      // `from (a join b)`, `from (from a)`
      expects = expects && token.text === '('
      inner.isInFrom = expects
      scopes.push(inner)
      continue
    }
    if (isClosing(token)) {
      scopes.pop()
      expects = false
      if (scope.cte !== undefined) scopes.at(-1)?.ctes.add(scope.cte)
      if (scopes.length === 0) scopes.push(newScope('', undefined))
      continue
    }
    if (bringsTable(tokens, at, scope)) {
      expects = true
      scope.isInFrom = true
      continue
    }
    if (afterTables.test(word)) scope.isInFrom = false
    if (token.text === ',' && scope.isInFrom) {
      expects = true
      continue
    }
    if (!expects || /^(lateral|only)$/.test(word)) continue
    expects = false
    if (queryStarts.test(word)) {
      scope.isInFrom = false
      continue
    }
    const end = endOfName(tokens, at)
    const parts = tokens.slice(at, end)
    const next = tokens[end]?.text
    const isQuery = tokens[at - 1]?.text === '(' && next === ')'
    const foreign = foreignName(parts, { isCall: next === '(', isQuery, first }, texts, scopes)
    if (foreign !== undefined) return foreign
    expressionsBefore = first + parts.reduce((sum, part) => sum + marksIn(part.text), 0)
    at = end - 1
  }
  return undefined
}

type Place = {
  /** A function, whose arguments follow. */
  readonly isCall: boolean
  /** Alone in parentheses. */
  readonly isQuery: boolean
  /** How many expressions stand before it. */
  readonly first: number
}

function foreignName(
  parts: readonly SqlToken[],
  { isCall, isQuery, first }: Place,
  { expressions, known, outerCtes }: Texts,
  scopes: readonly Scope[],
): string | undefined {
  const written = parts.map(({ text }) => text).join('')
  if (written === expression) {
    const inner = expressions[first] ?? ''
    return isKnownExpression(inner, known, isQuery) ? undefined : `{{ ${inner.trim()} }}`
  }
  const [only] = parts
  let count = 0
  const readable = written.replaceAll(expression, () => {
    const inner = expressions[first + count++] ?? ''
    return `{{ ${inner.trim()} }}`
  })
  if (parts.length !== 1 || only === undefined) return readable
  const name = plain(only.text)
  if (isCall) return harmlessFunctions.test(name) ? undefined : readable
  const isCte = outerCtes.has(name) || scopes.some(({ ctes }) => ctes.has(name))
  return isCte && only.kind !== 'string' ? undefined : readable
}

/** `from`, `join`, and what does without them. */
function bringsTable(tokens: readonly SqlToken[], at: number, scope: Scope): boolean {
  const word = wordOf(tokens[at])
  if (word === 'join') return true
  if (word === 'from') {
    const [before, earlier] = [wordOf(tokens[at - 1]), wordOf(tokens[at - 2])]
    const isComparison = before === 'distinct' && /^(is|not)$/.test(earlier)
    return !isComparison && !callsWithFrom.test(scope.call)
  }
  const before = tokens[at - 1]
  const isStart = before === undefined || before.text === '(' || before.text === ';'
  return isStart && withoutFrom.test(word) && tokens[at + 1]?.text !== '('
}

/** The CTE whose query the parenthesis opens: `name as (`, `name(a, b) as materialized (`. */
function cteBefore(tokens: readonly SqlToken[], at: number): string | undefined {
  let place = at - 1
  if (wordOf(tokens[place]) === 'materialized') place--
  if (wordOf(tokens[place]) === 'not') place--
  if (wordOf(tokens[place]) !== 'as') return undefined
  place--
  if (tokens[place]?.text === ')') {
    while (place >= 0 && tokens[place]?.text !== '(') place--
    place--
  }
  const name = tokens[place]
  return name?.kind === 'word' || name?.kind === 'quoted-name' ? plain(name.text) : undefined
}

/** A name ends where the next token neither is a dot, nor follows one, nor touches an expression. */
function endOfName(tokens: readonly SqlToken[], from: number): number {
  let end = from + 1
  for (let token = tokens[end]; token !== undefined; token = tokens[end]) {
    const before = tokens[end - 1]
    const touches = before !== undefined && before.start + before.text.length === token.start
    const joins = token.text === '.' || before?.text === '.'
    const isGlued =
      touches && (marksIn(token.text) > 0 || marksIn(before.text) > 0) && isName(token)
    if (!joins && !isGlued) break
    end++
  }
  return end
}

function isName({ kind, text }: SqlToken): boolean {
  return kind === 'word' || kind === 'quoted-name' || kind === 'number' || text === expression
}

function newScope(call: string, cte: string | undefined): Scope {
  return { call, cte, ctes: new Set(), isInFrom: false }
}

const isOpening = ({ text }: SqlToken) => text === '(' || text === '[' || text === '{'
const isClosing = ({ text }: SqlToken) => text === ')' || text === ']' || text === '}'

function wordOf(token: SqlToken | undefined): string {
  return token?.kind === 'word' ? token.text.toLowerCase() : ''
}

function plain(name: string): string {
  return name.replaceAll('"', '').toLowerCase()
}

function marksIn(text: string): number {
  return text.split(expression).length - 1
}
