import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Duckdb, openDuckdb, queryRows, type Row } from '../../../../core/clients/duckdb.ts'
import { userActivitySchema } from '../../../../core/contracts/user-activity.ts'
import { quoteLiteral } from '../../../../core/sql.ts'
import { type EncodedFile, encodeRecords } from '../../../../ingest/landing/encode.ts'
import { type KafkaRecord, RecordBuffer } from '../../../../ingest/landing/record-buffer.ts'

const good = { user_id: 1, action: 'login', timestamp: '2024-11-25T12:00:00Z' }
const landedAtMs = Date.parse('2026-01-01T12:00:00Z')
let duckdb: Duckdb
let directory: string
let runs = 0

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'encode-test-'))
  duckdb = await openDuckdb({ extensionDirectory: directory, tempDirectory: directory })
})
afterAll(async () => {
  duckdb.close()
  await rm(directory, { recursive: true })
})

type Given = string | Buffer | null | Partial<KafkaRecord>
type Encoded = { files: readonly EncodedFile[]; events: Row[]; dead: Row[] }

function recordOf(given: Given, offset: number): KafkaRecord {
  const base = { offset, timestampMs: 1_732_536_000_000, key: null, value: null }
  if (given === null) return base
  if (typeof given === 'string') return { ...base, value: Buffer.from(given) }
  return Buffer.isBuffer(given) ? { ...base, value: given } : { ...base, ...given }
}

/** Encodes messages at offsets 0, 1, … and reads the Parquet files back. */
async function encode(given: readonly Given[]): Promise<Encoded> {
  const records = new RecordBuffer()
  for (const [offset, one] of given.entries()) records.append(recordOf(one, offset))
  const files = await encodeRecords(duckdb, records, {
    topic: 'clicks',
    partition: 7,
    schema: userActivitySchema,
    maxRecordBytes: 1_000_000,
    landedAtMs,
    nonce: String(runs++),
    tempDirectory: directory,
  })
  return {
    files,
    events: await rowsOf(files, 'data'),
    dead: await rowsOf(files, 'dead_letter'),
  }
}

async function rowsOf(files: readonly EncodedFile[], kind: EncodedFile['kind']): Promise<Row[]> {
  const rows: Row[] = []
  for (const file of files.filter((candidate) => candidate.kind === kind)) {
    const path = join(directory, `read-back-${runs++}.parquet`)
    await writeFile(path, file.body)
    const sql = `select * from read_parquet(${quoteLiteral(path)}, hive_partitioning = false)`
    rows.push(...(await duckdb.withConnection((connection) => queryRows(connection, sql))))
    await rm(path)
  }
  return rows.sort((a, b) => Number(a['_offset']) - Number(b['_offset']))
}

async function reasonOf(given: Given): Promise<unknown> {
  const { events, dead } = await encode([given])
  expect(events.length + dead.length).toBe(1)
  return dead[0]?.['reason']
}

const event = (fields: object) => JSON.stringify({ ...good, ...fields })
const bytesOf = (value: unknown) =>
  value === null ? null : Buffer.from((value as { bytes: Uint8Array }).bytes)

describe('an event', () => {
  it('needs only the three fields of the contract', async () => {
    const { events, dead } = await encode([JSON.stringify(good)])
    expect(dead).toEqual([])
    expect(events[0]).toMatchObject({
      user_id: 1n,
      action: 'login',
      event_id: null,
      product_id: null,
      details: null,
      _extra: null,
      _key: null,
      _topic: 'clicks',
      _partition: 7,
      _offset: 0n,
    })
    expect(String(events[0]?.['timestamp'])).toBe('2024-11-25 12:00:00+00')
    expect(String(events[0]?.['_kafka_timestamp'])).toBe('2024-11-25 12:00:00+00')
    expect(String(events[0]?.['_landed_at'])).toBe('2026-01-01 12:00:00+00')
  })

  it('keeps its optional fields, nulls among them, and unknown ones as JSON', async () => {
    const { events } = await encode([
      event({ event_id: 'e', product_id: 9, details: { n: [1, null] }, session_id: null }),
      event({ colour: 'red', size: { cm: 3, inch: null }, gone: null }),
    ])
    expect(events[0]).toMatchObject({ event_id: 'e', product_id: 9n, session_id: null })
    expect(JSON.parse(String(events[0]?.['details']))).toEqual({ n: [1, null] })
    expect(JSON.parse(String(events[1]?.['_extra']))).toEqual({
      colour: 'red',
      size: { cm: 3, inch: null },
      gone: null,
    })
  })

  it('keeps unknown fields with many brackets, as long as they do not lie too deep', async () => {
    const wide = Array.from({ length: 400 }, () => [1])
    const { events } = await encode([event({ wide, product_id: 3 }), event({ details: { wide } })])
    expect(JSON.parse(String(events[0]?.['_extra']))).toEqual({ wide })
    expect(events[1]?.['_extra']).toBeNull()
  })

  it.each([
    ['2024-11-25T12:00:00Z', '2024-11-25 12:00:00+00'],
    ['2024-11-25T12:00:00+02:00', '2024-11-25 10:00:00+00'],
    ['2024-11-25T12:00:00-0530', '2024-11-25 17:30:00+00'],
    ['2024-11-25T12:00:00.25Z', '2024-11-25 12:00:00.25+00'],
    ['2024-11-25T12:00:00.123456789Z', '2024-11-25 12:00:00.123456+00'],
  ])('has its time read from %s', async (timestamp, expected) => {
    const { events } = await encode([event({ timestamp })])
    expect(String(events[0]?.['timestamp'])).toBe(expected)
  })

  it('may be pretty-printed, with newlines between its members', async () => {
    expect(await reasonOf(JSON.stringify(good, null, 2).replaceAll('\n', '\r\n'))).toBeUndefined()
  })

  it('keeps words that only look like numbers JSON does not have', async () => {
    const action = 'search: nan, ], inf'
    const { events } = await encode([event({ action, details: { NaN: ',]' } })])
    expect(events[0]).toMatchObject({ action })
  })

  it('keeps a text key, and a binary one as hex digits', async () => {
    const { events } = await encode([
      { key: Buffer.from('user-é'), value: Buffer.from(JSON.stringify(good)) },
      { key: Buffer.from([0xff, 0x00, 0x41]), value: Buffer.from(JSON.stringify(good)) },
      { key: Buffer.from([0x41, 0x00]), value: Buffer.from(JSON.stringify(good)) },
      { key: Buffer.alloc(0), value: Buffer.from(JSON.stringify(good)) },
    ])
    expect(events.map((row) => row['_key'])).toEqual(['user-é', '\\xff0041', '\\x4100', ''])
  })

  it('without a Kafka timestamp has none', async () => {
    const { events } = await encode([
      { timestampMs: -1, value: Buffer.from(JSON.stringify(good)) },
      { timestampMs: Number.MAX_SAFE_INTEGER, value: Buffer.from(JSON.stringify(good)) },
    ])
    expect(events.map((row) => row['_kafka_timestamp'])).toEqual([null, null])
  })
})

describe('a message that is no event', () => {
  const nested = (levels: number) => `${'['.repeat(levels)}1${']'.repeat(levels)}`
  it.each<[string, Given, string]>([
    ['a tombstone', null, 'tombstone'],
    ['an empty value', '', 'invalid_json'],
    ['a truncated object', '{"user_id": 1', 'invalid_json'],
    ['two objects', `${JSON.stringify(good)}${JSON.stringify(good)}`, 'invalid_json'],
    ['an object and a spliced one', `${JSON.stringify(good)},"_offset":5`, 'invalid_json'],
    ['a newline inside a string', event({}).replace('login', 'lo\ngin'), 'invalid_json'],
    ['a raw NUL', event({}).replace('login', 'lo\u0000gin'), 'invalid_json'],
    ['a byte order mark', `\ufeff${event({})}`, 'invalid_json'],
    ['NaN', event({}).replace(':1,', ':NaN,'), 'invalid_json'],
    ['infinity in details', event({ details: 0 }).replace(':0}', ': [ -inf ]}'), 'invalid_json'],
    ['a trailing comma', event({}).replace('}', ' , }'), 'invalid_json'],
    ['a number', '42', 'not_an_object: ubigint'],
    ['an array', '[{}]', 'not_an_object: array'],
    ['null as text', 'null', 'not_an_object: null'],
    ['no user', JSON.stringify({ ...good, user_id: undefined }), 'missing_field: user_id'],
    ['an empty object', '{}', 'missing_field: user_id'],
    ['a null action', event({ action: null }), 'null_field: action'],
    ['a user that is text', event({ user_id: 'abc' }), 'wrong_type: user_id is varchar'],
    ['a user that is digits in text', event({ user_id: '12' }), 'wrong_type: user_id is varchar'],
    ['half a user', event({ user_id: 1.5 }), 'wrong_type: user_id is double'],
    ['a user as an object', event({ user_id: {} }), 'wrong_type: user_id is object'],
    ['a user of 2^63', event({}).replace(':1,', ':9223372036854775808,'), 'out_of_range: user_id'],
    [
      'a user beyond 2^64',
      event({}).replace(':1,', `:${'9'.repeat(30)},`),
      'out_of_range: user_id',
    ],
    ['an action that is a number', event({ action: 5 }), 'wrong_type: action is ubigint'],
    [
      'an optional field of a wrong type',
      event({ product_id: true }),
      'wrong_type: product_id is boolean',
    ],
    ['a time that is a number', event({ timestamp: 1 }), 'wrong_type: timestamp is ubigint'],
    [
      'a time without zone',
      event({ timestamp: '2024-11-25T12:00:00' }),
      'bad_timestamp: timestamp',
    ],
    [
      'a day that is none',
      event({ timestamp: '2024-02-30T00:00:00Z' }),
      'bad_timestamp: timestamp',
    ],
    ['a word as time', event({ timestamp: 'infinity' }), 'bad_timestamp: timestamp'],
    ['an escaped NUL', event({ action: 'a\u0000b' }), 'embedded_nul'],
    ['the same field twice', event({}).replace('{', '{"user_id":2,'), 'duplicate_field'],
    ['the same unknown field twice', event({ x: 1 }).replace('{', '{"x":2,'), 'duplicate_field'],
    [
      '129 levels',
      event({ details: 0 }).replace(':0}', `:${nested(128)}}`),
      'too_deep: more than 128 levels',
    ],
    ['130,000 levels', nested(130_000), 'too_deep: more than 128 levels'],
    [
      '400,000 levels in an unknown field',
      event({ x: 0 }).replace(':0}', `:${nested(400_000)}}`),
      'too_deep: more than 128 levels',
    ],
    ['invalid UTF-8', Buffer.from([0x7b, 0xc3, 0x28, 0x7d]), 'invalid_utf8'],
    ['more bytes than allowed', `"${'x'.repeat(1_000_000)}"`, 'too_large: 1000002 bytes'],
  ])('says why: %s', async (_, given, reason) => {
    expect(await reasonOf(given)).toBe(reason)
  })

  it('accepts what stands right at the limits', async () => {
    expect(
      await reasonOf(event({ user_id: 0 }).replace(':0,', ':9223372036854775807,')),
    ).toBeUndefined()
    expect(
      await reasonOf(event({ user_id: 0 }).replace(':0,', ':-9223372036854775808,')),
    ).toBeUndefined()
    expect(await reasonOf(event({ action: '\\u0000' }))).toBeUndefined()
    expect(await reasonOf(event({ details: 0 }).replace(':0}', `:${nested(127)}}`))).toBeUndefined()
  })

  it('keeps its exact bytes, key and offset, and does not disturb its neighbours', async () => {
    const bytes = Buffer.from([0x00, 0xff, 0x0a, 0x22, 0x27, 0x5c, 0xc3])
    const key = Buffer.from([0x00, 0x80])
    const { events, dead } = await encode([event({}), { key, value: bytes }, event({}), null])
    expect(events.map((row) => row['_offset'])).toEqual([0n, 2n])
    expect(dead.map((row) => row['_offset'])).toEqual([1n, 3n])
    expect(bytesOf(dead[0]?.['value'])).toEqual(bytes)
    expect(bytesOf(dead[0]?.['_key'])).toEqual(key)
    expect(bytesOf(dead[1]?.['value'])).toBeNull()
  })
})

describe('files', () => {
  it('are one an hour of event time, with their range, and one for absurd times', async () => {
    const times = ['2024-11-25T12:10:00Z', '2024-11-25T12:59:59.5Z', '2024-11-25T13:00:00Z']
    const { files } = await encode(
      [...times, '9999-01-01T00:00:00Z', '1901-01-01T00:00:00Z'].map((timestamp) =>
        event({ timestamp }),
      ),
    )
    expect(files.map(({ body, ...file }) => ({ ...file, body: body.length > 0 }))).toEqual([
      {
        kind: 'data',
        bucket: 'dt=2024-11-25/hr=12',
        rows: 2,
        minTs: '2024-11-25T12:10:00.000000Z',
        maxTs: '2024-11-25T12:59:59.500000Z',
        schemaId: 'user-activity-1',
        body: true,
      },
      expect.objectContaining({ bucket: 'dt=2024-11-25/hr=13', rows: 1 }),
      expect.objectContaining({ bucket: 'dt=__invalid__/hr=__invalid__', rows: 2 }),
    ])
  })

  it('are few although times are scattered', async () => {
    const at = (hours: number) => new Date(Date.UTC(2024, 0, 1) + hours * 3_600_000).toISOString()
    const scattered = async (stepHours: number) => {
      const given = Array.from({ length: 60 }, (_, index) =>
        event({ timestamp: at(index * stepHours) }),
      )
      const { files, events } = await encode(given)
      expect(events).toHaveLength(60)
      return files.map((file) => file.bucket)
    }
    expect(await scattered(1)).toEqual([
      'dt=2024-01-01/hr=__all__',
      'dt=2024-01-02/hr=__all__',
      'dt=2024-01-03/hr=__all__',
    ])
    expect(await scattered(24)).toEqual(['dt=__many__/hr=__all__'])
  })

  it('share no row, although tomorrow lies partly beyond what counts as a time', async () => {
    const at = (hours: number) => new Date(landedAtMs + hours * 3_600_000).toISOString()
    const hours = [...Array.from({ length: 30 }, (_, index) => -index), 23, 26]
    const { files, events } = await encode(hours.map((hour) => event({ timestamp: at(hour) })))
    expect(events.map((row) => Number(row['_offset']))).toEqual(hours.map((_, index) => index))
    expect(files.at(-1)).toMatchObject({ bucket: 'dt=__invalid__/hr=__invalid__', rows: 1 })
  })

  it('leave nothing behind on disk', async () => {
    await encode([event({})])
    const left = await readdir(directory)
    expect(left.filter((name) => name.startsWith('landing-'))).toEqual([])
  })
})

describe('any bytes at all', () => {
  /** A valid event with some bytes replaced, removed or put in. */
  const mutated = fc
    .tuple(
      fc.constantFrom(event({}), event({ details: { a: [1, 'x', null] }, extra: -1.5e3 })),
      fc.array(fc.tuple(fc.nat(80), fc.constantFrom(0, 1), fc.oneof(fc.nat(255), jsonByte())), {
        minLength: 0,
        maxLength: 3,
      }),
    )
    .map(([text, edits]) => {
      const bytes = [...Buffer.from(text)]
      for (const [at, remove, byte] of edits) bytes.splice(at % bytes.length, remove, byte)
      return Buffer.from(bytes)
    })

  function jsonByte() {
    return fc.constantFrom(...Buffer.from('{}[]",:\\/ \n\t0123456789-+.eEnulltrfasNaNI'))
  }

  it('land exactly once, and are an event just when JSON.parse and the contract say so', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(mutated, { minLength: 300, maxLength: 300 }), async (values) => {
        const { events, dead } = await encode(values)
        const offsets = [...events, ...dead].map((row) => Number(row['_offset']))
        expect(offsets.sort((a, b) => a - b)).toEqual(values.map((_, index) => index))
        const accepted = new Set(events.map((row) => Number(row['_offset'])))
        for (const [index, value] of values.entries()) {
          const text = JSON.stringify(value.toString('latin1'))
          expect([text, accepted.has(index)]).toEqual([text, isEvent(value)])
        }
        const digest = (bytes: Buffer | null) =>
          bytes && createHash('md5').update(bytes).digest('hex')
        for (const row of dead) {
          const value = values[Number(row['_offset'])] ?? null
          expect(digest(bytesOf(row['value']))).toBe(digest(value))
        }
      }),
      { numRuns: 15 },
    )
  })
})

/** The contract again, written without DuckDB. */
function isEvent(value: Buffer): boolean {
  const text = value.toString('utf8')
  if (!Buffer.from(text).equals(value)) return false
  const parsed = parse(text)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return false
  if (hasDuplicate(text) || /\\u0000/i.test(text) || /\\ud[89a-f]/i.test(text)) return false
  const fields = new Map(Object.entries(parsed))
  const optional = (name: string, test: (found: unknown) => boolean) => {
    const found = fields.get(name)
    return found === undefined || found === null || test(found)
  }
  const isText = (found: unknown) => typeof found === 'string'
  const time = fields.get('timestamp')
  return (
    Number.isSafeInteger(fields.get('user_id')) &&
    /"user_id"\s*:\s*-?\d+\s*[,}]/.test(text) &&
    isText(fields.get('action')) &&
    typeof time === 'string' &&
    /^\d{4}-\d\d-\d\dT([01]\d|2[0-3])(:[0-5]\d){2}(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):?[0-5]\d)$/.test(
      time,
    ) &&
    isDay(time.slice(0, 10)) &&
    optional('event_id', isText) &&
    optional('session_id', isText) &&
    optional('product_id', Number.isInteger)
  )
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isDay(day: string): boolean {
  const at = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day)
}

/** A top-level member name that stands there twice, found by letting a second parse rename each member. */
function hasDuplicate(text: string): boolean {
  let depth = 0
  const names: string[] = []
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g) ?? []
  for (const [index, token] of tokens.entries()) {
    if (token === '{' || token === '[') depth += 1
    else if (token === '}' || token === ']') depth -= 1
    else if (depth === 1 && tokens[index + 1] === ':') names.push(JSON.parse(token))
  }
  return new Set(names).size < names.length
}
