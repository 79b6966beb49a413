import { describe, expect, it } from 'vitest'
import type { SnapshotNode } from '../../../../transform/compile/graph.ts'
import {
  addColumns,
  firstSnapshot,
  missingColumns,
  stageChanges,
  takeChanges,
} from '../../../../transform/materialize/snapshot.ts'
import {
  checkRules,
  timestampRules,
  usualWords,
} from '../../../../transform/materialize/snapshot-rules.ts'
import { snapshotSettings } from '../../../../transform/materialize/snapshot-settings.ts'
import { compileFiles } from '../../../support/project.ts'

async function snapshot(config: object): Promise<SnapshotNode> {
  const { graph } = await compileFiles({
    'models/users.sql': 'select 1 as id',
    'snapshots/users.yml': JSON.stringify({
      snapshots: [{ name: 'history', relation: "ref('users')", config }],
    }),
  })
  const node = graph.nodes.get('snapshot.shop.history')
  if (node?.kind !== 'snapshot') throw new Error('the project has no snapshot')
  return node
}

const timestamp = { strategy: 'timestamp', unique_key: 'id', updated_at: 'changed' }
const column = (name: string, type = 'VARCHAR') => ({ name, type })
const query = [column('id', 'INTEGER'), column('name')]
const table = [
  ...query,
  ...['dbt_scd_id', 'dbt_updated_at', 'dbt_valid_from', 'dbt_valid_to'].map((name) => column(name)),
]

async function target(config: object) {
  const node = await snapshot(config)
  const settings = snapshotSettings(node)
  const { name, relation } = node
  const rules =
    settings.strategy === 'check'
      ? checkRules(
          settings,
          ['id', 'name'],
          table.map((one) => one.name),
          usualWords,
        )
      : timestampRules(settings, settings.updatedAt ?? '', usualWords)
  return { name, relation, settings, rules }
}

describe('the SQL of a snapshot', () => {
  it('makes each row a version at first', async () => {
    expect(firstSnapshot(await target(timestamp), 'select 1').sql).toBe(
      `create table "lake"."main"."history" as
select *,
  md5(coalesce(cast(id as varchar), '') || '|' || coalesce(cast(changed as varchar), '')) as "dbt_scd_id",
  changed as "dbt_updated_at",
  changed as "dbt_valid_from",
  coalesce(nullif(changed, changed), null) as "dbt_valid_to"
from (
select 1
) as snapshot_query`,
    )
  })

  it.each([
    ['timestamp', timestamp],
    [
      'check-new-record',
      {
        strategy: 'check',
        check_cols: 'all',
        unique_key: ['id', 'name'],
        hard_deletes: 'new_record',
        dbt_valid_to_current: "date '9999-12-31'",
        snapshot_meta_column_names: { dbt_is_deleted: 'is gone' },
      },
    ],
  ])('finds what changed and takes it in, by %s', async (name, config) => {
    const found = await target(config)
    const statements = [
      stageChanges(found, 'select * from users', query, table),
      ...addColumns(found, [...query, column('e"mail')], table),
      ...takeChanges(found, query, table),
    ]
    await expect(`${statements.map(({ sql }) => sql).join(';\n\n')};\n`).toMatchFileSnapshot(
      `../../../goldens/snapshot-${name}.sql`,
    )
  })

  it('names the columns that a snapshot cannot do without', async () => {
    const renamed = { ...timestamp, snapshot_meta_column_names: { dbt_valid_to: 'Until' } }
    expect(missingColumns(await target(timestamp), table)).toEqual([])
    expect(missingColumns(await target(renamed), [...table, column('UNTIL')])).toEqual([])
    expect(
      missingColumns(await target({ ...timestamp, hard_deletes: 'new_record' }), query),
    ).toEqual(['dbt_scd_id', 'dbt_valid_from', 'dbt_valid_to', 'dbt_is_deleted'])
  })

  it('takes every row for changed when a checked column is new', async () => {
    const node = await snapshot({ strategy: 'check', check_cols: 'all', unique_key: 'id' })
    const settings = snapshotSettings(node)
    expect(checkRules(settings, ['ID'], ['id'], usualWords).rowChanged).toBe(
      'snapshotted_data."ID" is distinct from source_data."ID"',
    )
    expect(checkRules(settings, ['id', 'email'], ['id'], usualWords).rowChanged).toBe('true')
  })
})
