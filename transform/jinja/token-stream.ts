/** A cursor over tokens, with the questions a parser asks. */
import type { Token } from './lexer.ts'
import { SyntaxFault } from './syntax-fault.ts'

export class TokenStream {
  readonly #tokens: readonly Token[]
  #index = 0
  /** Kept as a field: a parser asks for it far more often than it moves. */
  current: Token

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
    this.current = this.peek(0)
  }

  peek(distance: number): Token {
    const token = this.#tokens[Math.min(this.#index + distance, this.#tokens.length - 1)]
    if (token === undefined) throw new SyntaxFault('the template is empty', 0)
    return token
  }

  next(): Token {
    const token = this.current
    this.#index++
    this.current = this.#tokens[this.#index] ?? token
    return token
  }

  is(kind: Token['kind'], value?: string): boolean {
    return this.current.kind === kind && (value === undefined || this.current.value === value)
  }

  isOperator(value: string): boolean {
    return this.is('operator', value)
  }

  isName(value: string): boolean {
    return this.is('name', value)
  }

  /** Takes the token when it is this operator or name. */
  skip(kind: 'operator' | 'name', value: string): boolean {
    if (!this.is(kind, value)) return false
    this.next()
    return true
  }

  expect(kind: Token['kind'], value?: string): Token {
    if (this.is(kind, value)) return this.next()
    throw this.unexpected(value ?? kindNames[kind])
  }

  unexpected(expected?: string): SyntaxFault {
    const { kind, value, at } = this.current
    const found = value === '' || kind === 'text' ? kindNames[kind] : value
    const wanted = expected === undefined ? '' : `, ${expected} was expected`
    return new SyntaxFault(`unexpected ${found}${wanted}`, at)
  }
}

const kindNames: Readonly<Record<Token['kind'], string>> = {
  text: 'text',
  'output-begin': '{{',
  'output-end': '}}',
  'tag-begin': '{%',
  'tag-end': '%}',
  name: 'a name',
  string: 'a string',
  integer: 'an integer',
  float: 'a number',
  operator: 'an operator',
  end: 'the end of the template',
}
