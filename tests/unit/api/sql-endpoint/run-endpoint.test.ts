import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SourceQuery } from '../../../../api/sources/postgres-source.ts'
import { parseEndpoint } from '../../../../api/sql-endpoint/parse-endpoint.ts'
import { readParameters } from '../../../../api/sql-endpoint/read-parameters.ts'
import { runEndpoint, statementOf } from '../../../../api/sql-endpoint/run-endpoint.ts'

const endpoint = parseEndpoint(
  'x.sql',
  `/* ---
path: /api/x
summary: x
row_limit: 2
parameters: { text: { type: string, max_length: 50 }, count: { type: integer, default: 3 } }
--- */ select :text as text, :count as count`,
)

/** Records what is sent and answers with the given rows. */
function recorder(rows: string[] = []) {
  const sent: SourceQuery[] = []
  const query = async (one: SourceQuery) => {
    sent.push(one)
    return rows
  }
  return { sent, query }
}

describe('runEndpoint', () => {
  it('sends the same text whatever the values are, and the values beside it', async () => {
    const text = statementOf(endpoint, 3)
    await fc.assert(
      fc.asyncProperty(
        fc.string({ maxLength: 25 }).filter((value) => !value.includes('\0')),
        fc.maxSafeInteger(),
        async (value, count) => {
          const source = recorder()
          const query = new URLSearchParams({ text: value, count: String(count) })
          const values = readParameters(endpoint.header.parameters, query, new Map())
          await runEndpoint(endpoint, values, source)
          // A lone surrogate cannot be sent in an address; URLSearchParams replaces it.
          expect(source.sent[0]).toMatchObject({ text, values: [query.get('text'), count] })
        },
      ),
    )
  })

  it('asks for one row more than it gives, and says when there was one', async () => {
    const values = new Map([['text', 'a']])
    expect(await runEndpoint(endpoint, values, recorder(['{}', '{}']))).toEqual({
      body: '[{},{}]',
      truncated: false,
    })
    expect(await runEndpoint(endpoint, values, recorder(['1', '2', '3']))).toEqual({
      body: '[1,2]',
      truncated: true,
    })
  })
})
