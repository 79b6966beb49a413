import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { profileProject } from '../../support/profile-project.ts'

const outputs = {
  dev: '{type: duckdb, path: shop.duckdb, schema: dev}',
  prod: '{type: duckdb, path: shop.duckdb, schema: prod}',
}

it('makes views on what the other state has built, once', async () => {
  const { path, millrace, query, write } = await profileProject(outputs, {
    'models/users.sql': 'select 1 as id',
    'models/passing.sql': "{{ config(materialized='ephemeral') }} select 1 as id",
    'seeds/codes.csv': 'code\na\n',
    'snapshots/history.yml': `snapshots:
  - name: history
    relation: ref('users')
    config: {strategy: check, check_cols: all, unique_key: id}
`,
  })
  expect((await millrace(['build', '-t', 'prod'])).code).toBe(0)
  await cp(join(path, 'target'), join(path, 'state'), { recursive: true })
  await write({ 'models/fresh.sql': 'select 2 as id' })
  const first = await millrace(['clone', '-t', 'dev', '--state', 'state'])
  expect(first.stdout.split('\n')).toEqual([
    'No relation found in state manifest for model.shop.fresh',
    'No relation found in state manifest for model.shop.passing',
    'Completed successfully',
    'Done. PASS=5 WARN=0 ERROR=0 SKIP=0 NO-OP=0 REUSED=0 TOTAL=5',
    '',
  ])
  expect(first.code).toBe(0)
  const made = await query(
    'shop.duckdb',
    `select table_name, table_type from information_schema.tables where table_schema = 'dev' order by 1`,
  )
  expect(made).toEqual([
    { table_name: 'codes', table_type: 'VIEW' },
    { table_name: 'history', table_type: 'VIEW' },
    { table_name: 'users', table_type: 'VIEW' },
  ])
  expect(await query('shop.duckdb', 'select id from dev.history')).toEqual([{ id: 1 }])
  const again = ['clone', '-t', 'dev', '--state', 'state', '--select', 'users']
  expect((await millrace(again)).stdout).toContain('Relation "shop"."dev"."users" already exists')
  await query('shop.duckdb', 'drop view dev.users; create table dev.users as select 5 as id')
  expect((await millrace([...again, '--full-refresh'])).code).toBe(0)
  expect(await query('shop.duckdb', 'select id from dev.users')).toEqual([{ id: 1 }])
  await query('shop.duckdb', 'drop view dev.users; drop table prod.users cascade')
  const gone = await millrace(again)
  expect(gone.code).toBe(1)
  expect(gone.stdout).toContain('Error in model.shop.users')
  const without = await millrace(['clone', '-t', 'dev'])
  expect(without.code).toBe(2)
  expect(without.stderr).toContain('clone needs a state')
})
