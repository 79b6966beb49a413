import { expect, it } from 'vitest'
import { findRagged } from '../../../../transform/run/explain-seed.ts'

it.each([
  ['a,b\n1,2\n3\n', { line: 3, values: 1, columns: 2 }],
  ['a,b\r\n1,2,3\r\n', { line: 2, values: 3, columns: 2 }],
  ['a,b\n1,"x,\n""y"""\n\n3\n', { line: 5, values: 1, columns: 2 }],
  ['a,b\n1,2,\n3,4', undefined],
  ['a\n1\n2', undefined],
])('finds the first record of %j that does not fit its header', (text, found) => {
  expect(findRagged(text, ',')).toEqual(found)
})

it('takes values apart at the delimiter of the seed', () => {
  expect(findRagged('a|b\n1,5|2\n3\n', '|')).toEqual({ line: 3, values: 1, columns: 2 })
})
