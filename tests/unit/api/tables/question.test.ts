import { describe, expect, it } from 'vitest'
import { orderToSql } from '../../../../api/tables/order.ts'
import { type Question, readQuestion } from '../../../../api/tables/read-question.ts'
import { people } from './columns.ts'

const ask = (query: string, seesPersonalData = false, table = people): Question =>
  readQuestion(table, { seesPersonalData }, new URLSearchParams(query), 'json')

const codeOf = (query: string, seesPersonalData = false) => {
  try {
    ask(query, seesPersonalData)
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
  return undefined
}

describe('the question of a request', () => {
  it('takes all columns and the order of the key when nothing is said', () => {
    const { select, order, totalOrder, limit, filters } = ask('')
    expect(select.map(({ name }) => name)).toEqual(people.columns.map(({ name }) => name))
    expect([order, filters, limit]).toEqual([[], [], undefined])
    expect(orderToSql(totalOrder ?? [])).toBe('order by "id"')
  })

  it('keeps the order of selected columns and completes the order of rows by the key', () => {
    const { select, totalOrder } = ask('select=name,id&order=name.desc.nullslast,born.nullsfirst')
    expect(select.map(({ name }) => name)).toEqual(['name', 'id'])
    expect(orderToSql(totalOrder ?? [])).toBe(
      'order by "name" desc nulls last, "born" nulls first, "id"',
    )
    expect(orderToSql(ask('order=id.desc,name').totalOrder ?? [])).toBe(
      'order by "id" desc, "name"',
    )
  })

  it.each([
    ['select=nam', 'api/unknown-column'],
    ['select=', 'api/invalid-parameter'],
    ['order=', 'api/invalid-parameter'],
    ['select=id,id', 'api/invalid-parameter'],
    ['select=id::text', 'api/unknown-column'],
    ['select=id&select=name', 'api/invalid-parameter'],
    ['nam=eq.a', 'api/unknown-parameter'],
    ['__proto__=eq.a', 'api/unknown-parameter'],
    ['order=name.down', 'api/unknown-column'],
    ['order=name.dessc', 'api/invalid-parameter'],
    ['order=name,name.desc', 'api/invalid-parameter'],
    ['order=doc', 'api/invalid-parameter'],
    ['order=id;select 1', 'api/unknown-column'],
    ['limit=0', 'api/invalid-parameter'],
    ['limit=-1', 'api/invalid-parameter'],
    ['limit=1e3', 'api/invalid-parameter'],
    ['count=all', 'api/invalid-parameter'],
    ['format=json&format=csv', 'api/invalid-parameter'],
    ['escape_formulas=true', 'api/invalid-parameter'],
    [`cursor=${'a'.repeat(4097)}`, 'api/invalid-cursor'],
    ['offset=5', 'api/unknown-parameter'],
    [Array.from({ length: 101 }, () => 'id=gt.1').join('&'), 'api/invalid-parameter'],
  ])('refuses %s', (query, code) => {
    expect(codeOf(query)).toBe(code)
  })

  it.each([
    ['select=', 'Parameter select names no column'],
    ['select=id,', 'Parameter select names no column'],
    ['order=id,,name', 'Parameter order names no column'],
    ['order=id.dsc', 'did you mean desc?'],
    ['order=id.acs', 'did you mean asc?'],
    ['order=id.nullfirst', 'did you mean nullsfirst?'],
  ])('says of %s: %s', (query, message) => {
    expect(() => ask(query)).toThrow(message)
  })
})

describe('personal data', () => {
  it('is masked for who may not see it, and shown to who may', () => {
    const masked = (question: Question) =>
      question.select.filter(({ isMasked }) => isMasked).map(({ name }) => name)
    expect(masked(ask('select=id,email'))).toEqual(['email'])
    expect(masked(ask('select=id,email', true))).toEqual([])
  })

  it.each([
    'email=eq.a',
    'email=is.null',
    'order=email.desc',
    'or=(id.eq.1,email.like.a*)',
    'and=(not.or(email.is.null))',
  ])('can neither be filtered nor ordered by: %s', (query) => {
    expect(codeOf(query)).toBe('api/masked-column')
    expect(codeOf(query, true)).toBeUndefined()
  })

  it('is not a key to page by', () => {
    const table = { ...people, key: ['email'] }
    expect(ask('', false, table).totalOrder).toBeUndefined()
    expect(ask('', true, table).totalOrder).toHaveLength(1)
  })
})

describe('the scope of a cursor', () => {
  it('is the same for the same order and filters, whatever is selected', () => {
    expect(ask('id=gt.1&name=eq.a&select=id').scope).toBe(ask('name=eq.a&id=gt.1&limit=5').scope)
  })

  it.each(['id=gt.2', 'order=name', 'order=id.desc', 'order=id.nullsfirst', 'or=(id.gt.1)'])(
    'is another with %s',
    (query) => {
      expect(ask(query).scope).not.toBe(ask('id=gt.1').scope)
    },
  )

  it('is another with other rights and for another table', () => {
    expect(ask('').scope).not.toBe(ask('', true).scope)
    expect(ask('').scope).not.toBe(ask('', false, { ...people, name: 'users' }).scope)
  })
})
