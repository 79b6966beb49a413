import { expect, it } from 'vitest'
import { textShape } from '../../../../../api/ad-hoc/child/encode-rows.ts'

it('makes null of numbers that JSON does not have, and leaves texts alone', () => {
  const { row } = textShape('json', [])
  expect(row('{"a":NaN,"b":"NaN, \\"-Infinity","c":[-Infinity,1e9],"NaN":2}')).toBe(
    '{"a":null,"b":"NaN, \\"-Infinity","c":[null,1e9],"NaN":2}',
  )
  expect(row('{"a":12345678901234567890}')).toBe('{"a":12345678901234567890}')
})

it('writes CSV in which NULL and an empty text differ', () => {
  const { start, row, end } = textShape('csv', ['id', 'a "b"'])
  expect([start, row('["1",null]'), row('["",","]'), row('["x\\ny","\\""]'), end].join('')).toBe(
    'id,"a ""b"""\r\n1,\r\n"",","\r\n"x\ny",""""\r\n',
  )
})
