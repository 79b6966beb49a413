import { hash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { type BatchOutcome, sendBatch } from '../../../api/sources/text-batch.ts'
import { connectPipelined } from '../../../core/clients/postgres.ts'

type Client = Awaited<ReturnType<typeof connectPipelined>>

let client: Client
let prepared: Set<string>
beforeEach(async () => {
  client = await connectPipelined({ url: inject('services').postgresUrl })
  prepared = new Set()
})
afterEach(() => client.end())

/** Sends the texts, each with its value, and gives what became of them. */
async function send(
  statements: readonly (readonly [text: string, value: number])[],
  timeoutMs = 5000,
) {
  const outcomes: BatchOutcome[] = []
  await sendBatch(
    client,
    statements.map(([text, value], index) => ({
      name: hash('md5', text),
      text,
      values: [String(value)],
      ended: (outcome) => {
        expect(outcomes[index]).toBeUndefined()
        outcomes[index] = outcome
      },
    })),
    { prepared, timeoutMs },
  )
  return outcomes.map((one) => {
    if (one === 'not run') return one
    return 'rows' in one ? one.rows : one.error.message
  })
}

const double = 'select $1::int * 2'
const divide = 'select 12 / $1::int'
const several = 'select n::text from generate_series(1, $1::int) n'

describe('a batch of statements', () => {
  it('gives each its own rows, be they none or many, batch behind batch', async () => {
    const statements = Array.from(
      { length: 30 },
      (_, n) => [n % 2 === 0 ? double : several, n] as const,
    )
    const wanted = statements.map(([text, n]) =>
      text === double ? [[String(n * 2)]] : Array.from({ length: n }, (_, at) => [String(at + 1)]),
    )
    const found = await Promise.all(Array.from({ length: 5 }, () => send(statements)))
    expect(found).toEqual(Array(5).fill(wanted))
  })

  it('is one transaction, and the next one another', async () => {
    const text = 'select pg_current_xact_id() from generate_series(1, $1::int)'
    const batch = () =>
      send([
        [text, 1],
        [text, 1],
      ])
    const [[first, same], [next]] = [await batch(), await batch()]
    expect(same).toEqual(first)
    expect(next).not.toEqual(first)
  })

  it('ends with the statement that fails, and the next one is whole', async () => {
    expect(
      await send([
        [double, 1],
        [divide, 0],
        [double, 2],
        [several, 1],
      ]),
    ).toEqual([[['2']], 'division by zero', 'not run', 'not run'])
    // One was not prepared, as the statement before it had failed; the others were.
    expect(
      await send([
        [several, 1],
        [divide, 4],
        [double, 2],
      ]),
    ).toEqual([[['1']], [['3']], [['4']]])
  })

  it('ends with a text that is no SQL, again and again', async () => {
    for (let round = 0; round < 3; round++) {
      expect(
        await send([
          [double, 1],
          ['select from where $1', 1],
          [double, 2],
        ]),
      ).toEqual([[['2']], 'syntax error at or near "where"', 'not run'])
    }
    expect(await send([[double, 3]])).toEqual([[['6']]])
  })

  it('ends when its connection does, as do those behind it', async () => {
    const kill = 'select pg_terminate_backend(pg_backend_pid()) from generate_series(1, $1::int)'
    const found = await Promise.all([
      send([
        [double, 1],
        [kill, 1],
        [double, 2],
      ]),
      send([[double, 3]]),
    ])
    expect(found).toEqual([
      [[['2']], expect.stringMatching(/terminat/), 'not run'],
      [expect.any(String)],
    ])
  })

  it('ends when PostgreSQL says nothing for too long', async () => {
    const sleep = 'select pg_sleep($1::int)::text'
    expect(
      await send(
        [
          [sleep, 60],
          [double, 1],
        ],
        200,
      ),
    ).toEqual(['Query read timeout', 'not run'])
  })
})
