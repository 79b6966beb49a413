import { describe, expect, it } from 'vitest'
import {
  externalFiles,
  viewOfFiles,
  writeFiles,
} from '../../../../transform/materialize/external.ts'
import { makeModel } from '../plan/random-graph.ts'

type Given = Readonly<Record<string, unknown>>

function statementsOf(config: Given, emptyRow: readonly string[] = []) {
  const model = makeModel('orders', { materialized: 'external', config })
  const files = externalFiles(model, 'root')
  return {
    location: files.location,
    write: writeFiles(files, 'rows', files.location),
    view: viewOfFiles(model, files, files.location, emptyRow).split('\n').slice(1).join('\n'),
  }
}

describe('files of a model', () => {
  it.each<[Given, string, string, string]>([
    [
      {},
      'root/orders.parquet',
      'format parquet',
      "read_parquet('root/orders.parquet', union_by_name = false)",
    ],
    [
      { format: 'csv', delimiter: '|' },
      'root/orders.csv',
      "format csv, delimiter '|', header 1",
      "read_csv('root/orders.csv', auto_detect = true)",
    ],
    [
      { location: 'o.JSON.gz' },
      'o.JSON.gz',
      'format json, compression gzip',
      "read_json('o.JSON.gz', auto_detect = true, compression = 'gzip')",
    ],
    [
      { location: 'o', options: { partition_by: 'a, b' } },
      'o',
      'partition_by (a, b), format parquet',
      "read_parquet('o/*/*/*.parquet', union_by_name = false)",
    ],
    [
      { options: { partition_by: 'a', format: 'csv' }, csv_read_options: { delim: '|' } },
      'root/orders',
      'partition_by a, format csv, header 1',
      "read_csv('root/orders/*/*.csv', delim = '|')",
    ],
  ])('%j are at %s', (config, location, options, read) => {
    expect(statementsOf(config)).toEqual({
      location,
      write: `copy rows to '${location}' (${options})`,
      view: `select * from ${read}`,
    })
  })

  it('of no rows hold one of NULLs, which the view leaves out', () => {
    expect(statementsOf({ format: 'json' }, ['id', 'a "b"']).view).toMatch(
      /\nwhere "id" is not null and "a ""b""" is not null$/,
    )
  })

  it.each([
    [{ format: 'xlsx' }, 'format is xlsx; there are csv, parquet, json'],
    [{ options: ['a'] }, 'options must be a map'],
    [{ parquet_read_options: 'x' }, 'parquet_read_options must be a map'],
  ])('%j are refused', (config, message) => {
    expect(() => statementsOf(config)).toThrowError(message)
  })
})
