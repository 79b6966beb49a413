import { BIGINT, type DuckDBType, type DuckDBValue, VARCHAR } from '@duckdb/node-api'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { renderResult, type TextFormat } from '../../../../cli/sql/render-result.ts'

/** Renders chunks of rows as one text. */
async function render(
  format: TextFormat,
  types: DuckDBType[],
  chunks: DuckDBValue[][][],
  options: Parameters<typeof renderResult>[2] = {},
): Promise<string> {
  const left = [...chunks]
  const next = async () => {
    const rows = left.shift()
    return rows === undefined ? undefined : { rowCount: rows.length, rows: () => rows }
  }
  const columns = types.map((_, index) => `c${index}`)
  let text = ''
  for await (const piece of renderResult({ columns, types, next }, format, options)) text += piece
  return text
}

describe('renderResult', () => {
  it('writes JSON that any parser reads back, whatever the texts are', async () => {
    const rows = fc.array(fc.tuple(fc.option(fc.string()), fc.maxSafeInteger()), { maxLength: 10 })
    await fc.assert(
      fc.asyncProperty(rows, rows, async (one, two) => {
        const chunks = [one, two].map((part) => part.map(([a, b]) => [a, BigInt(b)]))
        const expected = [...one, ...two].map(([c0, c1]) => ({ c0, c1 }))
        expect(JSON.parse(await render('json', [VARCHAR, BIGINT], chunks))).toEqual(expected)
        const lines = (await render('ndjson', [VARCHAR, BIGINT], chunks)).split('\n').slice(0, -1)
        expect(lines.map((line) => JSON.parse(line))).toEqual(expected)
      }),
    )
  })

  it('keeps NULL apart from the empty text in CSV', async () => {
    expect(
      await render(
        'csv',
        [VARCHAR, VARCHAR],
        [
          [
            [null, ''],
            ['a"', 'b\nc'],
          ],
        ],
      ),
    ).toBe('c0,c1\n,""\n"a""","b\nc"\n')
  })

  it('aligns wide characters and numbers', async () => {
    expect(
      await render(
        'table',
        [VARCHAR, BIGINT],
        [
          [
            ['漢字', 7n],
            ['abc', 10n],
          ],
        ],
      ),
    ).toBe('c0    c1\n────  ──\n漢字   7\nabc   10\n')
  })

  it('shows as many rows as allowed over all chunks, and counts the others', async () => {
    const chunks = [[[1n], [2n]], [[3n], [4n]], [[5n]]]
    const shown = await render('table', [BIGINT], chunks, { displayLimit: 3 })
    expect(shown).toBe('c0\n──\n 1\n 2\n 3\n… 2 more rows\n')
    expect(await render('table', [BIGINT], chunks, { footer: true })).toContain('(5 rows)')
  })

  it('cuts a cell at the width of the terminal', async () => {
    const text = await render('table', [VARCHAR], [[['x'.repeat(500)]]], { width: 20 })
    expect(text.split('\n')[2]).toBe(`${'x'.repeat(19)}…`)
  })
})
