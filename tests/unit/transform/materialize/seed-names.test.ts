import { expect, it } from 'vitest'
import { isPerhapsMade, seedColumnNames } from '../../../../transform/materialize/seed-names.ts'

it.each([
  [
    ['id', 'name'],
    ['id', 'name'],
  ],
  [
    ['id', 'id', 'id'],
    ['id', 'id_2', 'id_3'],
  ],
  [
    ['id', 'id', 'id_2'],
    ['id', 'id_2', 'id_2_2'],
  ],
  [
    ['id', 'id_2', 'id'],
    ['id', 'id_2', 'id_3'],
  ],
  [
    ['id', 'ID'],
    ['id', 'ID_2'],
  ],
  [
    ['id', undefined, 'name'],
    ['id', 'b', 'name'],
  ],
])('names the columns %j as agate does, and none twice in any case: %j', (header, names) => {
  expect(seedColumnNames(header)).toEqual(names)
})

it('names what has no name by letters, doubled after z', () => {
  const names = seedColumnNames(Array.from({ length: 28 }, () => undefined))
  expect(names.slice(24)).toEqual(['y', 'z', 'aa', 'bb'])
})

it('knows the names that DuckDB may have made', () => {
  expect(['id_1', 'column0', 'id', 'column'].map(isPerhapsMade)).toEqual([true, true, false, false])
})
