import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { tableFromIPC } from 'apache-arrow'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { openPostgresExports } from '../../../api/sources/postgres-exports.ts'
import { openDuckdb } from '../../../core/clients/duckdb.ts'
import { openPostgres } from '../../../core/clients/postgres.ts'
import { migrate } from '../../../transform/publish/migrate.ts'
import { openTestApi, runSql, type TestApi } from '../../support/api.ts'
import { extensionDirectory } from '../../support/extension-directory.ts'
import { until } from '../../support/instance.ts'
import { servedSql } from '../../support/served-table.ts'

const schema = 'api_exports'

/** A row of ordinary values, the ends of every type, and a row of nulls. */
const kinds = `
  create table kinds (
    id int primary key, i2 smallint, i8 bigint, n numeric(38,9), small numeric(5,2), free numeric, f4 real,
    f8 double precision, ok boolean, day date, clock time, at timestamp, seen timestamptz, t text, uid uuid,
    doc jsonb, raw bytea, tags text[], many int[], span interval);
  insert into kinds values
    (1, 7, 42, 1.5, 2.50, 0.1, 0.1, 0.1, true, '2024-02-29', '23:59:59.5', '2024-11-25 12:00:00.123456',
      '2024-11-25 12:00:00+02', 'plain', '0f8fad5b-d9cb-469f-a165-70867728950e', '{"a":[1,null]}', '\\x00ff',
      array['a', null, 'c,"d"'], '{1,2}', '1 day 02:00'),
    (2, -32768, -9223372036854775808, -12345678901234567890123456789.123456789, -999.99, 1e-20, -3.4e38, 'NaN',
      false, '0001-01-01', '00:00', '0001-01-01', '0001-01-01 00:00+00', E'"quoted", and\\nlines\\r\\n',
      'ffffffff-ffff-ffff-ffff-ffffffffffff', '"text"', '', '{}', '{}', '-1 mon'),
    (3, 32767, 9223372036854775807, 12345678901234567890123456789.123456789, 999.99, 1e20, 3.4e38, 'Infinity',
      null, 'infinity', '12:30:00.000001', '-infinity', 'infinity', 'Grüße 世界 🌍 =1+1', null, 'null', null, null, null, null),
    (4, null, null, null, null, null, null, null, null, null, null, null, null, '', null, null, null, null, null, null),
    (5, 0, 0, 0, 0, 0, 0, '-Infinity', null, '9999-12-31', null, '1969-12-31 23:59:59.999999', '1883-11-18 12:00+00',
      '=cmd()', null, '{"big": 9007199254740993}', '\\xdeadbeef', null, null, null),
    (6, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);`

/** As `alter role … set …` makes them for a login. */
const oddSettings =
  '-c datestyle=German -c intervalstyle=sql_standard -c bytea_output=escape -c extra_float_digits=-10'

describe('exports of tables, by a login whose settings write values otherwise', () => {
  const url = () => {
    const odd = new URL(inject('services').postgresUrl)
    odd.searchParams.set('options', oddSettings)
    return odd.href.replaceAll('+', '%20')
  }
  let api: TestApi
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-exports-'))
    await migrate(url(), { schema, withTables: false })
    const setup = `${kinds}
      create table big (id int primary key, name text, at timestamp);
      insert into big select i, 'name ' || i, timestamp '2024-01-01' + i * interval '1 s' from generate_series(1, 60000) i;
      create table nothing (id int primary key, name text);
      create table merged (id int primary key); insert into merged select generate_series(1, 3000);
      ${servedSql({ schema, table: 'kinds', rows: 6 })}
      ${servedSql({ schema, table: 'big', rows: 60_000 })}
      ${servedSql({ schema, table: 'nothing' })}
      ${servedSql({ schema, table: 'merged', strategy: 'merge', rows: 1 })}`
    const tables = { max_exports: 1, export_rows: 100_000, export_bytes: 5_000_000 }
    api = await openTestApi(url(), schema, { setup, tables })
  })
  afterAll(async () => {
    await api.close()
    await runSql(url(), `delete from millrace.published where schema_name = '${schema}'`)
    await rm(folder, { recursive: true, force: true })
  })

  const download = async (path: string) => {
    const response = await api.app.request(`/api/tables/${path}`)
    const bytes = Buffer.from(await response.arrayBuffer())
    expect(response.status, bytes.toString()).toBe(200)
    return { bytes, text: bytes.toString(), headers: response.headers }
  }

  /** What DuckDB reads in a file, as text. */
  async function readByDuckdb(name: string, bytes: Uint8Array, query: (file: string) => string) {
    const file = join(folder, name)
    await writeFile(file, bytes)
    const duckdb = await openDuckdb({ extensionDirectory })
    try {
      return await duckdb.withConnection(async (connection) => {
        const reader = await connection.runAndReadAll(query(file))
        return reader.getRowsJS()
      })
    } finally {
      duckdb.close()
    }
  }

  it('writes Parquet that DuckDB reads with the same types and values', async () => {
    const { bytes, headers } = await download('kinds?format=parquet&order=id')
    expect(headers.get('content-type')).toBe('application/vnd.apache.parquet')
    expect(headers.get('content-disposition')).toBe('attachment; filename="kinds.parquet"')
    const types = await readByDuckdb('kinds.parquet', bytes, (file) => {
      return `select column_name || ' ' || column_type from (describe from '${file}')`
    })
    expect(types.flat()).toEqual([
      'id INTEGER',
      'i2 SMALLINT',
      'i8 BIGINT',
      'n DECIMAL(38,9)',
      'small DECIMAL(5,2)',
      'free VARCHAR',
      'f4 FLOAT',
      'f8 DOUBLE',
      'ok BOOLEAN',
      'day DATE',
      'clock TIME',
      'at TIMESTAMP',
      'seen TIMESTAMP WITH TIME ZONE',
      't VARCHAR',
      'uid UUID',
      'doc VARCHAR',
      'raw BLOB',
      'tags VARCHAR',
      'many VARCHAR',
      'span VARCHAR',
    ])
    const rows = await readByDuckdb('kinds.parquet', bytes, (file) => {
      return `select columns(* exclude (raw))::varchar, hex(raw) from '${file}'`
    })
    expect(rows).toEqual([
      [
        '1',
        '7',
        '42',
        '1.500000000',
        '2.50',
        '0.1',
        '0.1',
        '0.1',
        'true',
        '2024-02-29',
        '23:59:59.5',
        '2024-11-25 12:00:00.123456',
        '2024-11-25 10:00:00+00',
        'plain',
        '0f8fad5b-d9cb-469f-a165-70867728950e',
        '{"a": [1, null]}',
        '["a",null,"c,\\"d\\""]',
        '[1,2]',
        '1 day 02:00:00',
        '00FF',
      ],
      [
        '2',
        '-32768',
        '-9223372036854775808',
        '-12345678901234567890123456789.123456789',
        '-999.99',
        '0.00000000000000000001',
        '-3.4e+38',
        'nan',
        'false',
        '0001-01-01',
        '00:00:00',
        '0001-01-01 00:00:00',
        '0001-01-01 00:00:00+00',
        '"quoted", and\nlines\r\n',
        'ffffffff-ffff-ffff-ffff-ffffffffffff',
        '"text"',
        '[]',
        '[]',
        '-1 mons',
        '',
      ],
      [
        '3',
        '32767',
        '9223372036854775807',
        '12345678901234567890123456789.123456789',
        '999.99',
        '100000000000000000000',
        '3.4e+38',
        'inf',
        null,
        'infinity',
        '12:30:00.000001',
        '-infinity',
        'infinity',
        'Grüße 世界 🌍 =1+1',
        null,
        'null',
        null,
        null,
        null,
        null,
      ],
      ['4', ...Array(12).fill(null), '', ...Array(6).fill(null)],
      [
        '5',
        '0',
        '0',
        '0.000000000',
        '0.00',
        '0',
        '0.0',
        '-inf',
        null,
        '9999-12-31',
        null,
        '1969-12-31 23:59:59.999999',
        '1883-11-18 12:00:00+00',
        '=cmd()',
        null,
        '{"big": 9007199254740993}',
        null,
        null,
        null,
        'DEADBEEF',
      ],
      ['6', ...Array(19).fill(null)],
    ])
  })

  it('writes Arrow with the same types and values', async () => {
    const { bytes, headers } = await download('kinds?format=arrow&order=id')
    expect(headers.get('content-type')).toBe('application/vnd.apache.arrow.stream')
    const table = tableFromIPC(bytes)
    expect(table.schema.fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'id Int32',
      'i2 Int16',
      'i8 Int64',
      'n Decimal[38e+9]',
      'small Decimal[5e+2]',
      'free Utf8',
      'f4 Float32',
      'f8 Float64',
      'ok Bool',
      'day Date32<DAY>',
      'clock Time64<MICROSECOND>',
      'at Timestamp<MICROSECOND>',
      'seen Timestamp<MICROSECOND, UTC>',
      't Utf8',
      'uid FixedSizeBinary[16]',
      'doc Utf8',
      'raw Binary',
      'tags Utf8',
      'many Utf8',
      'span Utf8',
    ])
    const column = (name: string) => table.getChild(name)?.toArray()
    expect([...(column('i8') ?? [])]).toEqual([42n, -(2n ** 63n), 2n ** 63n - 1n, 0n, 0n, 0n])
    const texts = (name: string) =>
      Array.from({ length: 6 }, (_, row) => table.getChild(name)?.get(row))
    expect(texts('t')).toEqual([
      'plain',
      '"quoted", and\nlines\r\n',
      'Grüße 世界 🌍 =1+1',
      '',
      '=cmd()',
      null,
    ])
    expect(texts('ok')).toEqual([true, false, null, null, null, null])
    expect(texts('f8').slice(0, 3)).toEqual([0.1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(texts('i2')).toEqual([7, -32768, 32767, null, 0, null])
    expect(texts('raw')[4]).toEqual(new Uint8Array([0xde, 0xad, 0xbe, 0xef]))
    expect(table.getChild('seen')?.data[0]?.values[0]).toBe(
      BigInt(Date.UTC(2024, 10, 25, 10)) * 1000n,
    )
    expect(table.getChild('at')?.data[0]?.values[4]).toBe(-1n)
    expect(table.getChild('n')?.nullCount).toBe(2)
    const words = table.getChild('n')?.data[0]?.values
    expect(new BigInt64Array(words.slice(0, 8).buffer)).toEqual(
      new BigInt64Array([
        1_500_000_000n,
        0n,
        BigInt.asIntN(64, -12345678901234567890123456789123456789n),
        -12345678901234567890123456789123456789n >> 64n,
      ]),
    )
  })

  it('writes CSV that DuckDB reads back, with NULL and the empty text apart', async () => {
    const { text, bytes, headers } = await download('kinds?format=csv&order=id')
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
    expect(text.split('\n').slice(0, 2)).toEqual([
      'id,i2,i8,n,small,free,f4,f8,ok,day,clock,at,seen,t,uid,doc,raw,tags,many,span',
      '1,7,42,1.500000000,2.50,0.1,0.1,0.1,true,2024-02-29,23:59:59.5,2024-11-25T12:00:00.123456,2024-11-25T10:00:00Z,plain,0f8fad5b-d9cb-469f-a165-70867728950e,"{""a"": [1, null]}",\\x00ff,"[""a"",null,""c,\\""d\\""""]","[1,2]",1 day 02:00:00',
    ])
    expect(text).toContain('\n4,,,,,,,,,,,,,"",,,,,,\n')
    expect(text.endsWith(`6${','.repeat(19)}\n`)).toBe(true)
    const rows = await readByDuckdb('kinds.csv', bytes, (file) => {
      return `select t from read_csv('${file}', all_varchar = true, header = true, quote = '"', escape = '"')`
    })
    expect(rows.flat().slice(0, 3)).toEqual([
      'plain',
      '"quoted", and\nlines\r\n',
      'Grüße 世界 🌍 =1+1',
    ])
  })

  it('keeps spreadsheets from running text as a formula when it is asked to', async () => {
    const plain = await download('kinds?format=csv&select=id,t&id=eq.5')
    expect(plain.text).toBe('id,t\n5,=cmd()\n')
    const safe = await download('kinds?format=csv&select=id,t&id=eq.5&escape_formulas=true')
    expect(safe.text).toBe("id,t\n5,'=cmd()\n")
    const negative = await download('kinds?format=csv&select=small&id=eq.2&escape_formulas=true')
    expect(negative.text).toBe('small\n-999.99\n')
  })

  it('writes NDJSON as PostgreSQL writes its rows, asked for by Accept', async () => {
    const response = await api.app.request(
      '/api/tables/kinds?select=id,i8,n,doc&id=in.(3,5)&order=id',
      {
        headers: { accept: 'text/html;q=0.5, application/x-ndjson' },
      },
    )
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    expect(await response.text()).toBe(
      '{"id":3,"i8":9223372036854775807,"n":12345678901234567890123456789.123456789,"doc":null}\n' +
        '{"id":5,"i8":0,"n":0.000000000,"doc":{"big": 9007199254740993}}\n',
    )
    const refused = await api.get('/api/tables/kinds', { headers: { accept: 'image/png' } })
    expect([refused.status, refused.headers.get('content-type')]).toEqual([
      406,
      'application/problem+json',
    ])
  })

  it.each(['csv', 'ndjson', 'parquet', 'arrow'])(
    'gives all rows of a large table as %s',
    async (format) => {
      const { bytes, text, headers } = await download(`big?format=${format}`)
      expect(headers.get('x-table-version')).toBe('big=7')
      const count = async () => {
        if (format === 'arrow') return tableFromIPC(bytes).numRows
        if (format !== 'parquet') return text.split('\n').length - (format === 'csv' ? 2 : 1)
        const query = (file: string) =>
          `select count(distinct id)::int, sum(id)::bigint::varchar, max("at")::varchar from '${file}'`
        const [row] = await readByDuckdb('big.parquet', bytes, query)
        expect(row?.slice(1)).toEqual([String((60_000 * 60_001) / 2), '2024-01-01 16:40:00'])
        return row?.[0]
      }
      expect(await count()).toBe(60_000)
    },
  )

  it.each(['csv', 'ndjson', 'parquet', 'arrow'])('gives an empty table as %s', async (format) => {
    const { bytes, text } = await download(`nothing?format=${format}`)
    if (format === 'csv') expect(text).toBe('id,name\n')
    if (format === 'ndjson') expect(text).toBe('')
    if (format === 'arrow') expect(tableFromIPC(bytes).numRows).toBe(0)
    if (format !== 'parquet') return
    const query = (file: string) => `select count(*)::int from '${file}'`
    expect(await readByDuckdb('nothing.parquet', bytes, query)).toEqual([[0]])
  })

  it('takes filters, order, limit and the cursor of a page', async () => {
    const page = await api.get('/api/tables/big?limit=3&order=id.desc')
    const next =
      typeof page.body === 'object' && page.body !== null && 'next' in page.body
        ? page.body.next
        : ''
    const { text } = await download(`big?format=csv&select=id&order=id.desc&limit=2&cursor=${next}`)
    expect(text).toBe('id\n59997\n59996\n')
  })

  it('refuses at once what is known to have too many rows', async () => {
    const { status, body } = await api.get('/api/tables/big?format=csv&limit=100001')
    expect([status, body]).toMatchObject([400, { code: 'api/too-many-rows' }])
  })

  it('fails in the middle rather than end early when the rows or bytes are too many', async () => {
    const small = await openTestApi(url(), `${schema}_small`, {
      setup: `create table merged (id int primary key); insert into merged select generate_series(1, 3000);
        ${servedSql({ schema: `${schema}_small`, table: 'merged', strategy: 'merge', rows: 1 })}`,
      tables: { export_rows: 2999, export_bytes: 20_000, max_exports: 1 },
    })
    try {
      for (const format of ['csv', 'ndjson', 'parquet', 'arrow']) {
        const response = await small.app.request(`/api/tables/merged?format=${format}`)
        await expect(response.arrayBuffer()).rejects.toHaveProperty(
          'code',
          format === 'ndjson' ? 'api/too-many-bytes' : 'api/too-many-rows',
        )
      }
      const fitting = await small.app.request('/api/tables/merged?format=csv&limit=2999')
      expect((await fitting.text()).split('\n')).toHaveLength(3001)
    } finally {
      await small.close()
    }
  })

  it('answers 503 at once when as many exports as are allowed are running, and HEAD holds none', async () => {
    const head = await api.app.request('/api/tables/big?format=csv', { method: 'HEAD' })
    expect([head.status, head.headers.get('x-table-version')]).toEqual([200, 'big=7'])
    const running = await api.app.request('/api/tables/big?format=csv')
    const refused = await api.get('/api/tables/kinds?format=csv')
    expect(refused.body).toMatchObject({ status: 503, code: 'api/too-many-exports' })
    expect(refused.headers.get('retry-after')).toBe('2')
    expect((await api.get('/api/tables/kinds?limit=1')).status).toBe(200)
    await running.body?.cancel()
    const next = await api.app.request('/api/tables/kinds?format=csv&select=id&limit=1')
    expect(await next.text()).toBe('id\n1\n')
  })

  /** Statements of exports that PostgreSQL is working on, or that wait to be read. */
  const activeExports = async () => {
    const pool = openPostgres({ url: url(), maxConnections: 1 })
    try {
      const { rows } = await pool.query(
        `select 1 from pg_stat_activity where application_name = 'millrace-api-export' and state <> 'idle'`,
      )
      return rows.length
    } finally {
      await pool.end()
    }
  }

  it('stops reading when the client leaves, and breaks the connection off when it cannot finish', async () => {
    const listener = getRequestListener(api.app.fetch)
    const server = createServer(listener)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo // listens on TCP
    const address = `http://127.0.0.1:${port}/api/tables`
    try {
      await runSql(
        url(),
        `set search_path = ${schema}; create table wide as select i as id, repeat(md5(i::text), 200) as t
         from generate_series(1, 5000) i; ${servedSql({ schema, table: 'wide' })}`,
      )
      const leave = new AbortController()
      const response = await fetch(`${address}/wide?format=ndjson&limit=700`, {
        signal: leave.signal,
      })
      await response.body?.getReader().read()
      leave.abort()
      await until(async () => (await activeExports()) === 0)
      const cut = await fetch(`${address}/wide?format=ndjson`)
      expect(cut.status).toBe(200)
      await expect(cut.text()).rejects.toThrow('terminated')
      await until(async () => (await activeExports()) === 0)
      const whole = await fetch(`${address}/wide?format=ndjson&limit=700`)
      expect((await whole.text()).split('\n')).toHaveLength(701)
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })

  it('stops a statement that still works on its first row, and one that is too slow', async () => {
    const patient = openPostgresExports({ url: url(), schema, maxAtOnce: 1, timeoutMs: 60_000 })
    const left = await patient.open(`select pg_sleep(60)::text`, [])
    const reading = left.read(10).catch((error: unknown) => error)
    await until(async () => (await activeExports()) === 1)
    await left.close()
    await left.close()
    expect(await reading).toMatchObject({ code: 'api/database-unavailable' })
    await until(async () => (await activeExports()) === 0)
    await patient.close()
    const exports = openPostgresExports({ url: url(), schema, maxAtOnce: 2, timeoutMs: 1500 })
    const slow = await exports.open(`select pg_sleep(60)::text`, [])
    await expect(slow.read(1)).rejects.toMatchObject({ code: 'api/timeout' })
    await slow.close()
    const idle = await exports.open(`select generate_series(1, 100000)::text`, [])
    expect(await idle.read(2)).toEqual([['1'], ['2']])
    await until(async () => (await activeExports()) === 0)
    await expect(idle.read(1)).rejects.toMatchObject({ code: 'api/timeout' })
    const broken = await exports.open('select 1/0', [])
    await expect(broken.read(1)).rejects.toThrow('With these parameters a value leaves')
    await broken.close()
    const next = await exports.open(`select $1::int::text`, ['5'])
    expect(await next.read(5)).toEqual([['5']])
    await next.close()
    await exports.close()
  })
})
