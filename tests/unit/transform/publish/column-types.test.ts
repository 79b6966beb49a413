import { describe, expect, it } from 'vitest'
import { toStagedColumn } from '../../../../transform/publish/column-types.ts'

const typeOf = (duckdbType: string) => toStagedColumn('m', 'c', duckdbType).type

describe('toStagedColumn', () => {
  it.each([
    ['BIGINT', 'bigint'],
    ['UINTEGER', 'bigint'],
    ['UBIGINT', 'numeric(20,0)'],
    ['HUGEINT', 'numeric(38,0)'],
    ['DECIMAL(38,6)', 'numeric(38,6)'],
    ['DOUBLE', 'double precision'],
    ['TIMESTAMP', 'timestamp'],
    ['TIMESTAMP_NS', 'timestamp'],
    ['TIMESTAMP WITH TIME ZONE', 'timestamptz'],
    ['JSON', 'jsonb'],
    ['STRUCT(a INTEGER, b VARCHAR)', 'jsonb'],
    ['STRUCT(a INTEGER)[]', 'jsonb'],
    ['MAP(VARCHAR, INTEGER)', 'jsonb'],
    ['INTEGER[]', 'integer[]'],
    ['INTEGER[][]', 'jsonb'],
    ['INTEGER[3]', 'jsonb'],
    [`ENUM('a', 'b')`, 'text'],
  ])('stages %s as %s', (duckdbType, type) => {
    expect(typeOf(duckdbType)).toBe(type)
  })

  it('names model, column and type of what PostgreSQL has no type for', () => {
    expect(() => toStagedColumn('orders', 'flags', 'BIT')).toThrow(
      expect.objectContaining({
        code: 'publish/unsupported-type',
        message: 'orders.flags is BIT, which PostgreSQL has no column type for.',
      }),
    )
  })

  it('quotes the column', () => {
    expect(toStagedColumn('m', 'an "odd" name', 'UBIGINT').expression).toBe(
      '"an ""odd"" name"::decimal(20, 0)',
    )
  })
})
