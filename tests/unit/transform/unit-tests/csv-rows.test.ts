import { expect, it } from 'vitest'
import { parseCsvRows } from '../../../../transform/unit-tests/csv-rows.ts'

it('reads rows as text, an empty field as null', () => {
  expect(parseCsvRows('id,name\n1,Ann\n2,\n')).toEqual([
    { id: '1', name: 'Ann' },
    { id: '2', name: null },
  ])
})

it('reads quoted fields with commas, line ends and quotes inside', () => {
  expect(parseCsvRows('a,b\r\n"x, ""y""\nz",2')).toEqual([{ a: 'x, "y"\nz', b: '2' }])
})

it('gives no rows for a header alone', () => {
  expect(parseCsvRows('id,name\n')).toEqual([])
})
