import { describe, expect, it } from 'vitest'
import { faultInQuery } from '../../../core/sql-position.ts'

const query = '\n\nselect\n  id,\n  nope\nfrom a;\n'
const wrapped = (lines: number) =>
  `${'-- above\n'.repeat(lines)}select * from (\n${query.trim().slice(0, -1)}\n)`
const messageAt = (line: number) => {
  const head = `LINE ${line}: `
  return `Binder Error: no "nope"\n\n${head}  nope\n${' '.repeat(head.length + 2)}^`
}

describe('faultInQuery', () => {
  it('counts the lines of the query, those too that were not sent', () => {
    // Sent: 1 `select * from (`, 2 `select`, 3 `id`, 4 `nope`; in the query it is line 5.
    expect(faultInQuery(messageAt(4), wrapped(0), query)).toEqual({ reason: messageAt(5), line: 5 })
  })

  it('moves the mark when the number gets shorter or longer', () => {
    expect(faultInQuery(messageAt(12), wrapped(8), query).reason).toBe(messageAt(5))
    const long = `${'\n'.repeat(9)}nope`
    expect(faultInQuery(messageAt(2), '(\nnope', long)).toEqual({ reason: messageAt(10), line: 10 })
  })

  it('leaves a message alone that names no line, or one outside of the query', () => {
    const reason = 'Conversion Error: no number'
    expect(faultInQuery(reason, wrapped(0), query)).toEqual({ reason, line: undefined })
    expect(faultInQuery(messageAt(1), wrapped(1), query).line).toBeUndefined()
    expect(faultInQuery(messageAt(40), wrapped(0), query).reason).toBe(messageAt(40))
    expect(faultInQuery(messageAt(2), 'select something else', query).line).toBeUndefined()
  })
})
