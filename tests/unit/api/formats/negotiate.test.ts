import { describe, expect, it } from 'vitest'
import { chooseFormat } from '../../../../api/formats/format.ts'

describe('the format of an answer', () => {
  it.each([
    [undefined, undefined, 'json'],
    [undefined, '', 'json'],
    [undefined, '*/*', 'json'],
    [undefined, 'text/html,application/xhtml+xml,*/*;q=0.8', 'json'],
    [undefined, 'text/csv', 'csv'],
    [undefined, 'text/*', 'csv'],
    [undefined, 'text/csv;q=0.5, application/vnd.apache.parquet', 'parquet'],
    [undefined, 'application/vnd.apache.arrow.stream', 'arrow'],
    [undefined, 'application/jsonl', 'ndjson'],
    [undefined, 'application/json;q=0, */*;q=0.1', 'ndjson'],
    ['csv', 'application/json', 'csv'],
    ['parquet', 'image/png', 'parquet'],
  ])('is, for format=%s and Accept: %s, %s', (format, accept, chosen) => {
    expect(chooseFormat(format, accept)).toBe(chosen)
  })

  it('is refused when it is none of those that there are', () => {
    expect(() => chooseFormat('xml', undefined)).toThrow('json, ndjson, csv')
    expect(() => chooseFormat(undefined, 'image/png')).toThrow('text/csv')
    expect(() => chooseFormat(undefined, 'application/json;q=0')).toThrow('offered')
  })
})
