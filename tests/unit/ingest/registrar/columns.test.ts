import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitColumns } from '../../../../ingest/registrar/columns.ts'

const table = [
  { name: 'user_id', type: 'BIGINT' },
  { name: 'details', type: 'JSON' },
  { name: 'at', type: 'TIMESTAMP WITH TIME ZONE' },
]

describe('fitColumns', () => {
  it('adds what the table lacks, in the order of the file', () => {
    const file = [{ name: 'b', type: 'VARCHAR' }, ...table, { name: 'a', type: 'DOUBLE' }]
    expect(fitColumns(table, file)).toEqual({
      added: [
        { name: 'b', type: 'VARCHAR' },
        { name: 'a', type: 'DOUBLE' },
      ],
      conflicts: [],
    })
  })

  it('takes narrower integers, JSON for text, other spellings of a type and of a name', () => {
    const file = [
      { name: 'USER_ID', type: 'INTEGER' },
      { name: 'details', type: 'VARCHAR' },
      { name: 'at', type: 'timestamptz' },
    ]
    expect(fitColumns(table, file)).toEqual({ added: [], conflicts: [] })
  })

  it('refuses what would lose or change a value', () => {
    for (const type of ['VARCHAR', 'HUGEINT', 'DOUBLE', 'BOOLEAN']) {
      const column = { name: 'user_id', type }
      expect(fitColumns(table, [column]).conflicts).toEqual([{ column, tableType: 'BIGINT' }])
    }
  })

  it('finds nothing to do once the columns are added', () => {
    const type = fc.constantFrom('BIGINT', 'INTEGER', 'VARCHAR', 'JSON', 'DOUBLE')
    const columns = fc.uniqueArray(fc.record({ name: fc.stringMatching(/^[a-z]{1,4}$/), type }), {
      selector: ({ name }) => name,
    })
    fc.assert(
      fc.property(columns, columns, (before, file) => {
        const { added, conflicts } = fitColumns(before, file)
        if (conflicts.length > 0) return
        expect(fitColumns([...before, ...added], file)).toEqual({ added: [], conflicts: [] })
      }),
    )
  })
})
