import { describe, expect, it } from 'vitest'
import { tableDiff } from '../../../../transform/unit-tests/table-diff.ts'

type Rows = readonly (readonly (string | null)[])[]

const lines = (columns: readonly string[], expected: Rows, actual: Rows) =>
  tableDiff(columns, expected, actual)?.split('\r\n').slice(0, -1)

/** What dbt printed of the same tables. */
describe('the difference of two tables', () => {
  it('is none when they hold the same rows', () => {
    expect(lines(['id'], [], [])).toBeUndefined()
    expect(lines(['id', 'a'], [['1', 'x']], [['1', 'x']])).toBeUndefined()
    const many = [['1'], ['1'], ['2'], [null]]
    expect(lines(['id'], many, many)).toBeUndefined()
  })

  it('counts rows that stand more than once', () => {
    expect(lines(['id'], [['1'], ['1'], ['2']], [['1'], ['2'], ['2']])).toHaveLength(5)
  })

  it('shows rows that are missing and rows that nobody wants', () => {
    expect(lines(['id', 'status'], [['1', 'A']], [])).toEqual(['@@ ,id,status', '---,1 ,A'])
    expect(
      lines(
        ['id', 'status', 'amount', 'at', 'ok', 'day', 'tags', 'dbl', 'twice', 'env'],
        [],
        [['1', 'A', null, null, null, null, null, null, '2', 'none']],
      ),
    ).toEqual([
      '@@ ,id,status,amount,at  ,ok  ,day ,tags,dbl ,twice,env',
      '+++,1 ,A     ,null  ,null,null,null,null,null,2    ,none',
    ])
  })

  it('shows the rows around them, and dots for those further away', () => {
    const rows = [
      ['1', 'A'],
      ['2', 'B'],
      ['3', 'C'],
      ['4', 'D'],
      ['5', 'E'],
    ]
    const expected = rows.filter(([id]) => id !== '4')
    expect(lines(['id', 'status'], expected, rows)).toEqual([
      '@@ ,id ,status',
      '...,...,...',
      '   ,3  ,C',
      '+++,4  ,D',
      '   ,5  ,E',
    ])
  })

  it('shows what has changed in a row, beside what tells which row it is', () => {
    expect(
      lines(
        ['id', 'status'],
        [
          ['1', 'A'],
          ['2', 'X'],
          ['4', 'D'],
        ],
        [
          ['1', 'A'],
          ['2', 'B'],
          ['3', 'C'],
        ],
      ),
    ).toEqual(['@@ ,id,status', '   ,1 ,A', '→  ,2 ,X→B', '+++,3 ,C', '---,4 ,D'])
    expect(lines(['id', 'status'], [['1', 'null']], [['1', null]])).toEqual([
      '@@,id,status',
      '→ ,1 ,null→NULL',
    ])
    expect(lines(['id', 'tags'], [['1', '[1, 3]']], [['1', '[1, 2]']])).toEqual([
      '@@,id,tags',
      '→ ,1 ,"[1, 3]→[1, 2]"',
    ])
  })
})
