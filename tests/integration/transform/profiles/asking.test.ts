/** Commands that ask what a build of a dbt profile has left. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openDuckdb } from '../../../../core/clients/duckdb.ts'
import { extensionDirectory } from '../../../support/extension-directory.ts'
import { profileProject } from '../../../support/profile-project.ts'

const seed = { 'seeds/items.csv': 'id,name\n1,a\n2,b\n' }

describe('a plain DuckDB file', () => {
  const file = () =>
    profileProject({ default: '{type: duckdb, path: shop.duckdb, schema: dev}' }, seed)

  it('is what `millrace sql` queries, read-only unless it may write', async () => {
    const shop = await file()
    expect((await shop.millrace(['seed'])).code).toBe(0)
    const ask = (...args: string[]) => shop.millrace(['sql', ...args])
    expect(await ask('from items where id = 1')).toEqual({
      code: 0,
      stdout: '{"id":1,"name":"a"}\n',
      stderr: '',
    })
    expect((await ask('from dev.items')).stdout).toContain('"name":"b"')
    const refused = await ask('delete from items')
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('read-only')])
    expect((await ask('--write', 'delete from items where id = 2')).code).toBe(0)
    expect(await shop.query('shop.duckdb', 'from dev.items')).toEqual([{ id: 1, name: 'a' }])
  })

  it('attaches in a stock DuckDB by what --attach-command prints', async () => {
    const shop = await file()
    await shop.millrace(['seed'])
    const { stdout } = await shop.millrace(['sql', '--attach-command'])
    await using duckdb = await openDuckdb({ extensionDirectory })
    await duckdb.withConnection(async (connection) => {
      for (const line of stdout.trim().split('\n')) await connection.run(line)
      const reader = await connection.runAndReadAll('select count(*)::int from dev.items')
      expect(reader.getRows()).toEqual([[2]])
    })
  })

  it('is not made by a command that asks', async () => {
    const shop = await file()
    const { code, stderr } = await shop.millrace(['sql', 'select 1'])
    expect(stderr).toMatch(/^error\[cli\/no-database\][\s\S]*shop\.duckdb/)
    expect(code).toBe(2)
    expect(existsSync(join(shop.path, 'shop.duckdb'))).toBe(false)
  })

  it('is not left by a build that never came to it', async () => {
    const shop = await profileProject(
      { default: '{type: duckdb, path: shop.duckdb, schema: dev}' },
      { ...seed, 'models/wrong.sql': 'select * from {{ ref(' },
    )
    for (const args of [['build'], ['build', '--dry-run', '--select', 'items']]) {
      expect((await shop.millrace(args)).code).toBe(2)
      expect(existsSync(join(shop.path, 'shop.duckdb'))).toBe(false)
    }
  })

  it('has no history to ask for, and gets no lake instead', async () => {
    const shop = await file()
    for (const args of [['runs'], ['maintain'], ['sql', '--at', '1', 'select 1']]) {
      const { code, stderr } = await shop.millrace(args)
      expect(stderr).toMatch(/^error\[cli\/no-history\][\s\S]*the plain DuckDB file shop\.duckdb/)
      expect(code).toBe(2)
    }
    expect(existsSync(join(shop.path, '.millrace'))).toBe(false)
  })
})

describe('a DuckLake', () => {
  it('is queried as it is and as it was, and tells when its tables changed', async () => {
    const freshness = 'config: {freshness: {error_after: {count: 1, period: day}}}'
    const shop = await profileProject(
      { default: "{type: duckdb, path: 'ducklake:lake.db'}" },
      {
        ...seed,
        'models/s.yml': `sources: [{name: raw, schema: main, ${freshness}, tables: [{name: items}, {name: gone}]}]`,
      },
    )
    const ask = (...args: string[]) => shop.millrace(['sql', ...args])
    expect((await shop.millrace(['seed'])).code).toBe(0)
    const newest = 'select max(snapshot_id) as s from lake.snapshots()'
    const snapshot = Number(JSON.parse((await ask(newest)).stdout).s)
    await ask('--write', 'delete from items where id = 2')
    const count = 'select count(*) as n from items'
    expect((await ask(count)).stdout).toBe('{"n":1}\n')
    expect((await ask('--at', String(snapshot), count)).stdout).toBe('{"n":2}\n')
    expect((await ask('--at', '99', count)).stderr).toContain('lake/unknown-snapshot')
    const { stdout } = await shop.millrace(['source', 'freshness'])
    expect(stdout).toContain('PASS freshness of raw.items')
    expect(stdout).toContain('source raw.gone is not known: lake has no table main.gone')
  })
})
