import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { attachCommand } from '../../../cli/sql/attach-command.ts'
import { openLakeSession } from '../../../cli/sql/open-session.ts'
import { runPrompt } from '../../../cli/sql/prompt.ts'
import type { Session } from '../../../cli/sql/session.ts'
import { openDuckdb } from '../../../core/clients/duckdb.ts'
import { openLake } from '../../../core/clients/lake.ts'
import { loadConfig } from '../../../core/config.ts'
import { runSql } from '../../support/api.ts'
import { cacheDir, extensionDirectory } from '../../support/extension-directory.ts'

const schema = 'sql_prompt_test'
let projectDir: string
let session: Session

function config(environment: Record<string, string> = {}) {
  const { catalogUrl, s3 } = inject('services')
  return loadConfig({
    projectDir,
    flags: { services: 'external' },
    environment: {
      MILLRACE_CACHE_DIR: cacheDir,
      MILLRACE_LAKE_CATALOG_URL: catalogUrl,
      MILLRACE_LAKE_CATALOG_SCHEMA: schema,
      MILLRACE_LAKE_DATA_PATH: `s3://${s3.bucket}/${schema}/`,
      MILLRACE_S3_ENDPOINT: s3.endpoint ?? '',
      MILLRACE_S3_BUCKET: s3.bucket,
      MILLRACE_S3_ACCESS_KEY_ID: s3.accessKeyId ?? '',
      MILLRACE_S3_SECRET_ACCESS_KEY: s3.secretAccessKey ?? '',
      MILLRACE_S3_PATH_STYLE: 'true',
      ...environment,
    },
  })
}

beforeAll(async () => {
  projectDir = await mkdtemp(join(tmpdir(), 'millrace-prompt-'))
  const yml = 'name: t\ndefault_target: t\ntargets:\n  t: {}\n'
  await writeFile(join(projectDir, 'millrace.yml'), yml)
  await runSql(inject('services').catalogUrl, `drop schema if exists ${schema} cascade`)
  const lake = await openLake(await openDuckdb({ extensionDirectory }), {
    catalog: { kind: 'postgres', url: inject('services').catalogUrl, schema },
    dataPath: `s3://${inject('services').s3.bucket}/${schema}/`,
    s3: inject('services').s3,
  })
  await lake.transaction(async (transaction) => {
    await transaction.run('create schema lake.marts')
    await transaction.run('create table lake.marts.users as select range as user_id from range(3)')
  })
  lake.close()
  session = await openLakeSession(config(), { write: false })
})
afterAll(async () => {
  await session[Symbol.asyncDispose]()
  await rm(projectDir, { recursive: true, force: true })
})

/** Types into a prompt and gives what it shows and prints; `keys` may wait for a text to appear. */
async function type(keys: (string | { waitFor: RegExp })[]): Promise<string> {
  const input = new PassThrough()
  const output = new PassThrough()
  let shown = ''
  output.on('data', (data) => {
    shown += data
  })
  const errors = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    shown += String(chunk)
    return true
  })
  try {
    const done = runPrompt({
      session,
      stateDir: join(projectDir, '.millrace'),
      print: { format: 'table' },
      write: false,
      input,
      output,
    })
    for (const key of keys) {
      if (typeof key === 'string') input.write(key)
      else await vi.waitFor(() => expect(shown).toMatch(key.waitFor), { timeout: 20_000 })
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
    await done
  } finally {
    errors.mockRestore()
    input.end()
  }
  return shown
}

describe('the prompt', () => {
  it('runs a statement that spans lines, and keeps it as one line of a private history', async () => {
    const shown = await type([
      'select count(*) as n -- all\r',
      'from marts.users;\r',
      { waitFor: /3\n/ },
      '.quit\r',
    ])
    expect(shown).toContain('...>')
    expect(shown).toContain(' n\n─\n3\n'.trimStart())
    const file = join(projectDir, '.millrace', 'sql-history')
    expect(await readFile(file, 'utf8')).toContain('select count(*) as n   from marts.users;')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it('lists tables and columns, times statements, and helps', async () => {
    const shown = await type([
      '.tables\r',
      { waitFor: /marts +users +table/ },
      '.schema users\r',
      { waitFor: /marts\.users +user_id +BIGINT/ },
      '.schema nope\r',
      { waitFor: /there is no table nope/ },
      '.timer on\r',
      'select 1 as one;\r',
      { waitFor: /Time: \d+ ms/ },
      '.help\r.what\r',
      { waitFor: /unknown command \.what/ },
      '.quit\r',
    ])
    expect(shown).toContain('Ctrl-C stops a running query')
  })

  it('goes on after an error, and refuses to write', async () => {
    const shown = await type([
      'selec 1;\r',
      { waitFor: /Parser Error/ },
      'drop table marts.users;\r',
      { waitFor: /this session is read-only/ },
      'select 42 as answer;\r',
      { waitFor: /42\n/ },
      '\x04',
    ])
    expect(shown).toContain('lake/read-only')
  })

  it('stops a running query at Ctrl-C and takes the next one', async () => {
    const shown = await type([
      'select count(*) from range(1000000000) a, range(1000000) b;\r',
      '\x03',
      { waitFor: /interrupted/ },
      'select 43 as answer;\r',
      { waitFor: /43\n/ },
      '.quit\r',
    ])
    expect(shown).toContain('cli/interrupted')
  })

  it('drops what is being typed at Ctrl-C', async () => {
    const shown = await type([
      'select nonsense\r',
      'more',
      '\x03',
      'select 44 as a;\r',
      { waitFor: /44\n/ },
      '.quit\r',
    ])
    expect(shown).not.toContain('error[')
  })

  it('completes names of tables', async () => {
    const shown = await type(['from marts.u', '\t', ';\r', { waitFor: /2\n/ }, '.quit\r'])
    expect(shown).toContain('user_id')
  })

  it('keeps secrets out of the history', async () => {
    await type([
      "create secret s (type s3, secret 'hunter2');\r",
      { waitFor: /read-only/ },
      '.quit\r',
    ])
    const history = await readFile(join(projectDir, '.millrace', 'sql-history'), 'utf8')
    expect(history).not.toContain('hunter2')
  })
})

describe('a lake with its catalog in PostgreSQL and its data on S3', () => {
  it('attaches in a stock DuckDB by the printed lines', async () => {
    const place = { kind: 'lake', config: config(), reason: undefined } as const
    const lines = await attachCommand(place, { readOnly: true })
    await using duckdb = await openDuckdb({ extensionDirectory })
    const connection = await duckdb.connect()
    for (const line of lines.trim().split('\n')) await connection.run(line)
    const reader = await connection.runAndReadAll('select sum(user_id)::int as s from marts.users')
    expect(reader.getRows()).toEqual([[3]])
    connection.closeSync()
  })

  it('says that there is no lake yet, and makes none', async () => {
    const none = config({ MILLRACE_LAKE_CATALOG_SCHEMA: 'sql_prompt_nobody' })
    await expect(openLakeSession(none, { write: false })).rejects.toMatchObject({
      code: 'cli/no-lake',
    })
  })

  it('cannot be written through functions that reach the catalog', async () => {
    const rows = await session.query('select count(*)::int as n from marts.users')
    expect(rows).toEqual([{ n: 3 }])
    await expect(
      session.query(`call postgres_execute('__ducklake_metadata_lake', 'create table x (a int)')`),
    ).rejects.toThrow()
  })
})
