import { describe, expect, it } from 'vitest'
import { isProblem } from '../../../../core/errors.ts'
import { mergeBatch } from '../../../../transform/materialize/merge.ts'
import { makeModel } from '../plan/random-graph.ts'

type Given = Readonly<Record<string, unknown>>

const columns = [
  { name: 'id', type: 'BIGINT' },
  { name: 'odd "name"', type: 'VARCHAR' },
]

function merge(config: Given, uniqueKey: readonly string[] = ['id'], isDucklake = false): string {
  const model = makeModel('orders', { materialized: 'incremental', config })
  const inputs = { batch: 'new_rows', uniqueKey, predicates: [], columns, isDucklake }
  return mergeBatch(model, inputs).sql
}

/** What follows the two tables and the condition. */
const clausesOf = (config: Given) => merge(config).split('\n').slice(3)

describe('a merge', () => {
  it('goes by the names of columns, with the names of dbt for the two sides', () => {
    expect(merge({})).toBe(`merge into "lake"."main"."orders" as DBT_INTERNAL_DEST
using new_rows as DBT_INTERNAL_SOURCE
on (DBT_INTERNAL_SOURCE.id = DBT_INTERNAL_DEST.id)
when matched then update by name
when not matched then insert by name`)
  })

  it('inserts every row without a key', () => {
    expect(merge({}, [])).toContain('\non (false)\n')
  })

  it('joins on columns of the same name', () => {
    const config = { merge_on_using_columns: ['id', 'day'] }
    expect(merge(config, [])).toContain('\nusing (id, day)\n')
  })

  it('updates only the columns that are named, or those that are not left out', () => {
    expect(clausesOf({ merge_update_columns: ['name'] })[0]).toBe(
      'when matched then update set name = DBT_INTERNAL_SOURCE.name',
    )
    expect(clausesOf({ merge_exclude_columns: ['ID'] })[0]).toBe(
      'when matched then update set "odd ""name""" = DBT_INTERNAL_SOURCE."odd ""name"""',
    )
  })

  it('updates by expressions, and by name what has none', () => {
    const config = { merge_update_set_expressions: { id: 'DBT_INTERNAL_DEST.id + 1' } }
    expect(clausesOf(config)[0]).toBe(
      'when matched then update set id = DBT_INTERNAL_DEST.id + 1, "odd ""name""" = DBT_INTERNAL_SOURCE."odd ""name"""',
    )
  })

  it('takes conditions', () => {
    const config = { merge_update_condition: 'a > 1', merge_insert_condition: 'b > 2' }
    expect(clausesOf(config)).toEqual([
      'when matched and a > 1 then update by name',
      'when not matched and b > 2 then insert by name',
    ])
  })

  it('takes clauses of every kind in their order', () => {
    const clauses = {
      when_matched: [
        { action: 'update', mode: 'star', condition: ['a', 'b'] },
        { action: 'update', mode: 'by_position' },
        { action: 'delete', condition: 'c' },
        { action: 'error', error_message: "it's over" },
        { action: 'do_nothing' },
      ],
      when_not_matched: [
        { action: 'insert', mode: 'explicit', insert: { columns: ['id'], values: ['1'] } },
        { action: 'update', by: 'source', set_expressions: { gone: 'true' } },
        { action: 'error' },
      ],
    }
    expect(clausesOf({ merge_clauses: clauses, merge_returning_columns: ['id'] })).toEqual([
      'when matched and (a) and (b) then update set *',
      'when matched then update by position',
      'when matched and c then delete',
      "when matched then error 'it''s over'",
      'when matched then do nothing',
      'when not matched then insert (id) values (1)',
      'when not matched by source then update set gone = true',
      'when not matched then error',
      'returning id',
    ])
  })
})

describe('configs of a merge', () => {
  it.each<[Given, string]>([
    [{ merge_update_condition: 1 }, 'merge_update_condition must be a string, found: 1'],
    [{ merge_update_columns: 'id' }, 'merge_update_columns must be a list'],
    [
      { merge_exclude_columns: ['a', 2] },
      'merge_exclude_columns must contain only string values, found: 2',
    ],
    [
      { merge_update_set_expressions: [] },
      'merge_update_set_expressions must be a dictionary, found: []',
    ],
    [{ merge_clauses: 'x' }, 'merge_clauses must be a dictionary, found: x'],
    [{ merge_clauses: {} }, "at least one of 'when_matched' or 'when_not_matched' keys"],
    [{ merge_clauses: { when_matched: {} } }, 'merge_clauses.when_matched must be a list'],
    [
      { merge_clauses: { when_matched: [] } },
      'merge_clauses.when_matched must contain at least one element',
    ],
    [
      { merge_clauses: { when_matched: ['x'] } },
      'merge_clauses.when_matched elements must be dictionaries, found: x',
    ],
    [
      { merge_clauses: { when_matched: [{ action: 'delete' }] }, merge_update_columns: ['a'] },
      'will be ignored and should be removed: merge_update_columns',
    ],
    [
      { merge_update_columns: ['a'], merge_exclude_columns: ['b'] },
      'Model cannot specify merge_update_columns and merge_exclude_columns',
    ],
  ])('%j are refused in the words of dbt', (config, message) => {
    expect(() => merge(config)).toThrowError(message)
    expect(() => merge(config)).toThrowError(
      expect.toSatisfy((error: unknown) => isProblem(error, 'model/compiler-error')),
    )
  })

  it('all that is wrong is said at once', () => {
    const config = { merge_insert_condition: 1, merge_update_columns: 'x' }
    expect(() => merge(config)).toThrowError(
      'MERGE configuration errors:\nmerge_insert_condition must be a string, found: 1\nmerge_update_columns must be a list',
    )
  })

  it('a lake takes one update or delete, and gives no rows back', () => {
    const merge_clauses = { when_matched: [{ action: 'update' }, { action: 'delete' }] }
    expect(() => merge({ merge_clauses }, ['id'], true)).toThrowError(
      'Found 2 UPDATE/DELETE actions',
    )
    expect(() => merge({ merge_returning_columns: ['id'] }, ['id'], true)).toThrowError(
      'DuckLake does not support RETURNING',
    )
  })
})
