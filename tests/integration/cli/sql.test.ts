import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openLakeSession } from '../../../cli/sql/open-session.ts'
import type { Session } from '../../../cli/sql/session.ts'
import { splitStatements } from '../../../cli/sql/split-statements.ts'
import { loadConfig } from '../../../core/config.ts'
import { repository } from '../../support/api.ts'
import { runCli, startCli } from '../../support/cli.ts'
import { cacheDir, extensionDirectory } from '../../support/extension-directory.ts'

let projectDir: string
const sql = (...args: string[]) => ['sql', '--project-dir', projectDir, ...args]
const inProject = (name: string) => join(projectDir, name)

async function newProject(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-sql-'))
  const target = 'services: external, lake: { catalog: sqlite, data_path: lake-data }'
  const yml = `name: t\ndefault_target: t\ntargets:\n  t: { ${target} }\n`
  await writeFile(join(directory, 'millrace.yml'), yml)
  return directory
}

const setup = `
create schema marts;
create schema raw;
create table marts.users as select range::bigint as user_id, 'name ' || range as name from range(100);
create table raw.user_activity_logs as select 1 as user_id, 'login' as action;
delete from marts.users where user_id >= 50;`

beforeAll(async () => {
  projectDir = await newProject()
  const { code, stderr } = await runCli(sql('--write'), { input: setup })
  expect([stderr, code]).toEqual(['50 rows changed\n', 0])
})
afterAll(() => rm(projectDir, { recursive: true, force: true }))

/** One statement, its stdout; fails with stderr when it fails. */
async function ask(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(sql(...args))
  expect([stderr, code]).toEqual(['', 0])
  return stdout
}

describe('what millrace sql runs', () => {
  it('finds tables by schema and name, without the name of the lake', async () => {
    const query = 'select count(*) as n from marts.users; from raw.user_activity_logs'
    expect(await ask(query)).toBe('{"n":50}\n{"user_id":1,"action":"login"}\n')
  })

  it('takes statements from a file and from stdin', async () => {
    await writeFile(inProject('q.sql'), '-- counts\nselect count(*) as n\nfrom marts.users\n;\n')
    expect(await ask('--file', inProject('q.sql'))).toBe('{"n":50}\n')
    const { stdout } = await runCli(sql(), { input: "select ';' as a -- ;\n" })
    expect(stdout).toBe('{"a":";"}\n')
  })

  it('shows the lake as it was at a snapshot', async () => {
    const snapshots = (await ask('from lake.snapshots()'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const last = snapshots.at(-1)
    const count = 'select count(*) as n from marts.users'
    expect(await ask('--at', String(last.snapshot_id - 1), count)).toBe('{"n":100}\n')
    expect(await ask('--at', String(last.snapshot_id), count)).toBe('{"n":50}\n')
    expect(await ask('--at', '2999-01-01T00:00:00Z', count)).toBe('{"n":50}\n')
  })

  it('runs a PIVOT whose columns come from the data', async () => {
    const query = 'pivot (select range % 2 as a, range as b from range(4)) on a using sum(b)'
    expect(await ask(query)).toBe('{"0":2,"1":4}\n')
  })

  it('attaches in a stock DuckDB by what --attach-command prints', async () => {
    const { stdout, stderr } = await runCli(sql('--attach-command'))
    expect(stderr).toContain('credentials')
    const instance = await DuckDBInstance.create(':memory:', {
      extension_directory: extensionDirectory,
    })
    const connection = await instance.connect()
    for (const line of stdout.trim().split('\n')) await connection.run(line)
    const reader = await connection.runAndReadAll('select count(*) from marts.users')
    expect(reader.getRows()).toEqual([[50n]])
    await expect(connection.run('drop table marts.users')).rejects.toThrow('read-only')
    connection.closeSync()
    instance.closeSync()
  })
})

describe('formats', () => {
  const every = `select 9223372036854775807::bigint as big, 170141183460469231731687303715884105727 as huge,
    1.10::decimal(10,2) as dec, 0.1::float as f, 'nan'::double as nan, true as yes,
    timestamp '2024-11-25 12:00:00.5' as ts, timestamptz '2024-11-25 12:00:00+02' as tz,
    date '2024-02-29' as day, time '01:02:03' as t, null as nothing, '' as empty,
    'a,"b"' as quoted, e'two\\nlines' as lines, 'ünï 😀 漢字' as text, [1, null] as list,
    {'a': 1, 'b': [date '2024-01-01']} as s, map {'k': 1.5} as m, '\\xDE\\xAD'::blob as bin,
    '{"x": 1}'::json as j`

  it('prints exact JSON', async () => {
    const line = await ask('--format', 'ndjson', every)
    expect(line).toBe(
      '{"big":9223372036854775807,"huge":170141183460469231731687303715884105727,"dec":1.10,"f":0.1,' +
        '"nan":"NaN","yes":true,"ts":"2024-11-25T12:00:00.5","tz":"2024-11-25T10:00:00Z",' +
        '"day":"2024-02-29","t":"01:02:03","nothing":null,"empty":"","quoted":"a,\\"b\\"",' +
        '"lines":"two\\nlines","text":"ünï 😀 漢字","list":[1,null],"s":{"a":1,"b":["2024-01-01"]},' +
        '"m":{"k":1.5},"bin":"dead","j":{"x": 1}}\n',
    )
    expect(JSON.parse(await ask('--format', 'json', every))).toHaveLength(1)
  })

  it('prints CSV that DuckDB reads back, NULL apart from the empty text', async () => {
    const file = inProject('every.csv')
    await ask('--output', file, every)
    const text = await readFile(file, 'utf8')
    expect(text.split('\n')[1]).toContain(',2024-02-29,01:02:03,,"","a,""b"""')
    const back = `select big::hugeint as big, lines, text, nothing is null as n, empty as e
      from read_csv('${file}', all_varchar = true, allow_quoted_nulls = false)`
    const row = JSON.parse(await ask(back))
    expect(row).toMatchObject({ lines: 'two\nlines', text: 'ünï 😀 漢字', n: true, e: '' })
  })

  it('prints a table that a line break or an escape sequence cannot break', async () => {
    const query = `select 1 as n, e'a\\nb\\x1b[31m' as t union all select 20, null order by n`
    expect(await ask('--format', 'table', query)).toBe(
      [' n  t', '──  ──────────────', ' 1  a\\nb\\u001b[31m', '20  ∅', ''].join('\n'),
    )
  })

  it('limits a table when asked, and says how many rows are left', async () => {
    const shown = await ask('--format', 'table', '--limit-display', '2', 'from range(5000)')
    expect(shown).toBe('range\n─────\n    0\n    1\n… 4998 more rows\n')
    expect((await ask('--format', 'table', 'from range(5000)')).split('\n')).toHaveLength(5003)
  })

  it('writes Parquet to a file and to a pipe', async () => {
    const file = inProject('users.parquet')
    await ask('--output', file, 'from marts.users')
    expect(await ask(`select count(*) as n, sum(user_id) as s from '${file}'`)).toBe(
      '{"n":50,"s":1225}\n',
    )
    const bytes = await bytesOf(sql('--format', 'parquet', 'from marts.users'))
    expect(bytes.subarray(0, 4).toString()).toBe('PAR1')
    expect(bytes.subarray(-4).toString()).toBe('PAR1')
  })

  it('prints empty results in every format', async () => {
    const none = 'select 1 as a, 2 as b where false'
    expect(await ask('--format', 'csv', none)).toBe('a,b\n')
    expect(await ask('--format', 'json', none)).toBe('[]\n')
    expect(await ask('--format', 'ndjson', none)).toBe('')
    expect(await ask('--format', 'table', none)).toBe('a  b\n─  ─\n')
  })

  it('puts only the last result into a format that holds one', async () => {
    expect(await ask('--format', 'csv', 'select 1 as a; select 2 as b')).toBe('b\n2\n')
  })

  it('streams a million rows without keeping them', async () => {
    const { stdout } = await runCli(
      ['sql', '--project-dir', projectDir, '--format', 'csv', 'from range(1000000)'],
      {
        env: { NODE_OPTIONS: '--max-old-space-size=64' },
      },
    )
    expect(stdout.length).toBe(6_888_896)
  })
})

describe('a read-only session', () => {
  const path = () => inProject('leak')
  let session: Session
  beforeAll(async () => {
    const environment = { MILLRACE_CACHE_DIR: cacheDir }
    session = await openLakeSession(loadConfig({ projectDir, environment }), { write: false })
  })
  afterAll(() => session[Symbol.asyncDispose]())
  it.each([
    ['insert into marts.users values (1, null)'],
    ['update marts.users set name = null'],
    ['delete from marts.users'],
    ['drop table marts.users'],
    ['create table marts.t as select 1'],
    ['create table memory.main.t as select 1'],
    ['alter table marts.users drop column name'],
    ["copy (select 1) to '$'"],
    ["/* x */ copy (select 1) to '$'"],
    ["explain analyze copy (select 1) to '$'"],
    ["explain (analyze) copy (select 1) to '$'"],
    ['explain analyze with a as (select 1) insert into marts.users select 1, null'],
    ["export database '$'"],
    ["attach '$' as other"],
    ['install httpfs'],
    ['load httpfs'],
    ['create persistent secret s (type s3)'],
    ["prepare p as copy (select 1) to '$'"],
    ['checkpoint'],
    ['with a as (select 1) delete from marts.users'],
    ["call ducklake_expire_snapshots('lake', older_than => now())"],
    ["from ducklake_cleanup_old_files('lake', cleanup_all => true)"],
    ['from "ducklake_delete_orphaned_files" /* */ (\'lake\', cleanup_all => true)'],
    ["call lake.set_option('parquet_compression', 'gzip')"],
    ["from query('select 1')"],
    ["from postgres_execute('lake', 'drop table x')"],
    ["call enable_logging('QueryLog', storage_path => '$')"],
  ])('refuses %s', async (statement) => {
    const [one] = splitStatements(statement.replace('$', path()))
    if (one === undefined) throw new Error('no statement')
    await expect(session.run(one)).rejects.toMatchObject({ code: 'lake/read-only', exitCode: 2 })
    expect(existsSync(path())).toBe(false)
  })

  it.each([
    "set log_query_path = '$'",
    "pragma profiling_output = '$'",
    "set global secret_directory = '$'",
    'reset lock_configuration',
  ])('keeps its configuration locked against %s', async (statement) => {
    const [one] = splitStatements(statement.replace('$', path()))
    if (one === undefined) throw new Error('no statement')
    await expect(session.run(one)).rejects.toThrow('configuration has been locked')
    expect(existsSync(path())).toBe(false)
  })

  it('runs nothing after the statement it refuses, and what came before', async () => {
    const { stdout, code } = await runCli(
      sql('select 1 as a; delete from marts.users; select 2 as b'),
    )
    expect([stdout, code]).toEqual(['{"a":1}\n', 2])
  })

  it('left the lake as it was', async () => {
    expect(await ask('select count(*) as n from marts.users')).toBe('{"n":50}\n')
  })

  it('takes temporary tables and variables, which end with it', async () => {
    const text = 'create temp table t as select 7 as a; set variable x = 1; from t'
    expect(await ask(text)).toBe('{"a":7}\n')
  })
})

describe('when something is wrong', () => {
  it.each([
    [['select 1;\n\nselec 2'], 1, /Parser Error.*LINE 3: selec 2\n +\^/s],
    [['select nope\nfrom marts.users'], 1, /Binder Error.*LINE 1: select nope\n +\^/s],
    [['from marts.user'], 1, /Did you mean "?users/],
    [['--at', '99', 'select 1'], 2, /no snapshot 99/],
    [['--at', '2000-01-01', 'select 1'], 2, /no snapshot 2000-01-01/],
    [['--at', 'yesterday', 'select 1'], 2, /--at takes/],
    [['--at', '1', '--write', 'select 1'], 2, /leave out --write/],
    [['--format', 'xml', 'select 1'], 2, /Choices/],
    [['--formt', 'csv', 'select 1'], 2, /formt/],
    [['--limit-display', 'x', 'select 1'], 2, /--limit-display takes a number/],
    [['--file', '/nope.sql'], 2, /\/nope\.sql cannot be read/],
    [['--output', '/nope/x.csv', 'select 1'], 2, /\/nope\/x\.csv cannot be written/],
    [['--format', 'parquet', 'show tables'], 2, /SHOW cannot be written as Parquet/],
    [[';'], 2, /no statement/],
    [['--file', 'a', 'select 1'], 2, /not both/],
  ])('%j ends with %i and says why', async (args, expected, message) => {
    const { code, stderr, stdout } = await runCli(sql(...args))
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/node_modules|\.ts:\d|internal\]/)
    expect(code).toBe(expected)
    expect(stdout).toBe(args[0]?.startsWith('select 1;') ? '{"1":1}\n' : '')
  })

  it('says that there is no lake yet, and makes none', async () => {
    const empty = await newProject()
    const { code, stderr } = await runCli(['sql', '--project-dir', empty, 'select 1'])
    expect(stderr).toContain('There is no lake yet')
    expect(stderr).toContain('millrace build')
    expect(code).toBe(2)
    expect(await readdir(empty)).toEqual(['millrace.yml'])
    await rm(empty, { recursive: true })
  })

  it('leaves no file when the query fails half way', async () => {
    const file = inProject('half.csv')
    const query =
      "select case when range = 100000 then error('stop') else range end from range(200000)"
    const { code, stderr } = await runCli(sql('--output', file, query))
    expect(stderr).toContain('stop')
    expect(code).toBe(1)
    expect((await readdir(projectDir)).filter((name) => name.startsWith('half'))).toEqual([])
  })

  it('ends quietly when the reader of the pipe goes away', async () => {
    const command = `"${process.execPath}" "${repository}cli/main.ts" sql --project-dir "${projectDir}" "from range(100000000)" | head -n 2; echo "\${PIPESTATUS[0]}"`
    const child = spawn('bash', ['-c', command])
    const output: Buffer[] = []
    child.stdout.on('data', (data) => output.push(data))
    child.stderr.on('data', (data) => output.push(data))
    await new Promise((resolve) => child.on('close', resolve))
    expect(Buffer.concat(output).toString()).toBe('{"range":0}\n{"range":1}\n0\n')
  })

  it('stops a running query at Ctrl-C', async () => {
    const query = 'select count(*) from range(1000000000) a, range(1000000) b'
    const cli = startCli(sql(`select 'begun' as state; ${query}`))
    await cli.shows(/begun/)
    cli.process.kill('SIGINT')
    const { code, stderr } = await cli.finished
    expect(stderr).toContain('interrupted')
    expect(code).toBe(3)
  })

  it('says that a full disk is full', async () => {
    const command = `"${process.execPath}" "${repository}cli/main.ts" sql --project-dir "${projectDir}" "from range(10)" > /dev/full`
    const child = spawn('bash', ['-c', command])
    let stderr = ''
    child.stderr.on('data', (data) => {
      stderr += data
    })
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect(stderr).toContain('lake/out-of-space')
    expect(code).toBe(3)
  })
})

async function bytesOf(args: readonly string[]): Promise<Buffer> {
  const child = spawn(process.execPath, [`${repository}cli/main.ts`, ...args])
  const chunks: Buffer[] = []
  child.stdout.on('data', (data: Buffer) => chunks.push(data))
  await new Promise((resolve) => child.on('close', resolve))
  return Buffer.concat(chunks)
}

describe('the files of the project', () => {
  it('are not touched by reading', async () => {
    const before = await stat(inProject('lake-data'))
    await ask('from marts.users limit 1')
    expect((await stat(inProject('lake-data'))).mtimeMs).toBe(before.mtimeMs)
  })
})
