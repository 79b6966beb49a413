import { describe, expect, it } from 'vitest'
import { createBinder } from '../../../../api/tables/condition.ts'
import { afterToSql, parseOrder } from '../../../../api/tables/order.ts'
import type { TableColumn } from '../../../../api/tables/published-table.ts'
import { columnOf } from './columns.ts'

const notNull = (name: string): TableColumn => ({ ...columnOf(name), nullable: false })

function behind(order: string, values: readonly (string | null)[], find = columnOf) {
  const binder = createBinder()
  const sql = afterToSql(parseOrder(order, find), values, binder)
  return { sql, values: binder.values }
}

describe('the condition that a row stands behind another', () => {
  it('is one comparison of rows when no column has nulls and all go the same way', () => {
    expect(behind('name,id', ['x', '5'], notNull)).toEqual({
      sql: '("name", "id") > ($1::text, $2::bigint)',
      values: ['x', '5'],
    })
    expect(behind('id.desc', ['5'], notNull).sql).toBe('("id") < ($1::bigint)')
  })

  it('compares column by column when they go different ways, and bounds the first for an index', () => {
    expect(behind('name.desc,id', ['x', '5'], notNull)).toEqual({
      sql: '"name" <= $4::text and (("name" < $1::text) or ("name" = $2::text and "id" > $3::bigint))',
      values: ['x', 'x', '5', 'x'],
    })
  })

  it('lets nulls follow where they are last', () => {
    expect(behind('name,id', ['x', '5']).sql).toBe(
      '((("name" > $1::text or "name" is null)) or ("name" = $2::text and "id" > $3::bigint))',
    )
  })

  it('goes on behind a null, to the other nulls or to what follows them', () => {
    expect(behind('name,id', [null, '5']).sql).toBe(
      '((false) or ("name" is null and "id" > $1::bigint))',
    )
    expect(behind('name.nullsfirst,id', [null, '5']).sql).toBe(
      '((not ("name" is null)) or ("name" is null and "id" > $1::bigint))',
    )
  })
})
