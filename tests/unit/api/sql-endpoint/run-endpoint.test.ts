import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SourceQuery } from '../../../../api/sources/postgres-source.ts'
import type { EndpointFacts } from '../../../../api/sql-endpoint/facts.ts'
import { parseEndpoint } from '../../../../api/sql-endpoint/parse-endpoint.ts'
import { readParameters } from '../../../../api/sql-endpoint/read-parameters.ts'
import { runEndpoint } from '../../../../api/sql-endpoint/run-endpoint.ts'
import { createServedEndpoint } from '../../../../api/sql-endpoint/served-endpoint.ts'
import { statementOf } from '../../../../api/sql-endpoint/statement.ts'

const endpoint = parseEndpoint(
  'x.sql',
  `/* ---
path: /api/x
summary: x
row_limit: 2
parameters: { text: { type: string, max_length: 50 }, count: { type: integer, default: 3 } }
--- */ select :text as text, :count as count`,
)

const users = {
  schema: 'public',
  name: 'users',
  kind: 'r',
  columns: [
    { name: 'id', type: 'integer' },
    { name: 'Mail', type: 'character varying(100)' },
  ],
  personal: ['Mail'],
  published: { contract: '7', isWholly: true, roles: [] },
}

const facts: EndpointFacts = {
  schema: 'public',
  columns: [],
  relations: [],
  hasLedger: false,
  isMasked: false,
  isRepeatable: false,
  isTaggable: false,
}

/** Records what is sent and answers with the given rows, the first first. */
function recorder(...answers: (string | null)[][]) {
  const sent: SourceQuery[] = []
  const rows = async (one: SourceQuery) => {
    sent.push(one)
    return [answers[sent.length - 1] ?? answers.at(-1) ?? []]
  }
  return { sent, postgres: { rows } }
}

const question = { values: [], hidesPersonalData: true, limit: 2 }

describe('runEndpoint', () => {
  it('says that the database is away when that is found out while the endpoint is checked', async () => {
    const lost = () => Promise.reject(new Error('Connection terminated unexpectedly'))
    const asked = runEndpoint(createServedEndpoint(endpoint, lost), question, recorder())
    await expect(asked).rejects.toMatchObject({ code: 'api/database-unavailable' })
  })

  it('sends the same text whatever the values are, and the values beside it', async () => {
    const served = createServedEndpoint(endpoint, async () => facts)
    const text = statementOf(endpoint, facts, { isMasked: false, limit: 2 })
    await fc.assert(
      fc.asyncProperty(
        fc.string({ maxLength: 25 }).filter((value) => !value.includes('\0')),
        fc.maxSafeInteger(),
        async (value, count) => {
          const sources = recorder(['{}', null, 'false'])
          const query = new URLSearchParams({ text: value, count: String(count) })
          const read = readParameters(endpoint.header.parameters, query, new Map())
          const values = endpoint.sql.names.map((name) => read.get(name) ?? null)
          await runEndpoint(served, { ...question, values }, sources)
          // A lone surrogate cannot be sent in an address; URLSearchParams replaces it.
          expect(sources.sent[0]).toMatchObject({ text, values: [query.get('text'), count] })
        },
      ),
    )
  })

  it('drops an answer of tables that promise something else than when it was checked', async () => {
    const published = { ...facts, hasLedger: true, relations: [users], isMasked: false }
    const checks = [
      published,
      {
        ...published,
        isMasked: true,
        relations: [{ ...users, published: { contract: '8', isWholly: true, roles: [] } }],
      },
    ]
    let checked = 0
    const served = createServedEndpoint(endpoint, async () => checks[checked++] ?? facts)
    const state = '57 8 2024-11-25 12:00:00.5+00 u'
    const sources = recorder(['{"mail":"a@b"}', state, 'false'], ['{"mail":null}', state, 'false'])
    const answer = await runEndpoint(served, question, sources)
    expect(answer).toMatchObject({
      rows: '[{"mail":null}]',
      state: { versions: 'users=57', asOf: '2024-11-25T12:00:00.500000Z' },
    })
    expect(sources.sent[0]?.text).not.toContain('null::character')
    expect(sources.sent[1]?.text).toContain('null::character varying(100) as "Mail"')
  })

  it('drops an answer when the first publish has made a ledger since it was checked', async () => {
    const checks = [facts, { ...facts, hasLedger: true, relations: [users], isMasked: true }]
    let checked = 0
    const served = createServedEndpoint(endpoint, async () => checks[checked++] ?? facts)
    const state = '57 7 2024-11-25 12:00:00.5+00 u'
    const sources = recorder(
      ['{"mail":"a@b"}', 'there', 'false'],
      ['{"mail":null}', state, 'false'],
    )
    expect(await runEndpoint(served, question, sources)).toMatchObject({ rows: '[{"mail":null}]' })
  })

  it('keeps few prepared statements, however many sizes of pages are asked for', async () => {
    const served = createServedEndpoint(endpoint, async () => facts)
    const sources = recorder(['{}', null, 'false'])
    for (let limit = 1; limit <= 50; limit++)
      await runEndpoint(served, { ...question, limit }, sources)
    await runEndpoint(served, { ...question, limit: 1 }, sources)
    const names = sources.sent.flatMap(({ name }) => name ?? [])
    expect(new Set(names).size).toBeLessThan(10)
    expect(sources.sent.at(-1)).toHaveProperty('name', names[0])
  })

  it('gives up when the tables change again and again', async () => {
    const served = createServedEndpoint(endpoint, async () => ({
      ...facts,
      hasLedger: true,
      relations: [users],
    }))
    const state = '57 8 2024-11-25 12:00:00.5+00 u'
    await expect(
      runEndpoint(served, question, recorder(['', state, 'false'])),
    ).rejects.toMatchObject({ code: 'api/table-missing' })
  })
})
