import { expect, it } from 'vitest'
import {
  makeFolder,
  messageOf,
  openFolderLake,
  queryLake,
  runFolder,
  statuses,
  writeProject,
} from '../../../support/project.ts'

it('tests the new rows of an incremental model alone, before they are taken in', async () => {
  await using folder = await makeFolder()
  const lake = await openFolderLake(folder.path)
  try {
    const rows = (sql: string) => ({
      'models/landed.sql': `{{ config(materialized='table') }} ${sql}`,
      'models/kept.sql': `{{ config(materialized='incremental') }}
        select * from {{ ref('landed') }}
        {% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}`,
      'models/schema.yml': `
models:
  - name: kept
    columns:
      - name: label
        data_tests:
          - not_null: {config: {test_new_rows: true}}
`,
    })
    const run = async (sql: string) => {
      await writeProject(folder.path, rows(sql))
      return await runFolder(folder.path, lake)
    }
    const first = await run("select 1 as id, 'a' as label")
    expect(statuses(first)).toEqual({
      landed: 'success',
      kept: 'success',
      not_null_kept_label: 'pass',
    })
    // An old row that would fail does not: the test sees what is new.
    await lake.transaction(
      (connection) => connection.run('update lake.main.kept set label = null'),
      {
        message: 'spoil an old row',
      },
    )
    const second = await run("select 2 as id, 'b' as label")
    expect(statuses(second)).toMatchObject({ kept: 'success', not_null_kept_label: 'pass' })
    const third = await run('select 3 as id, null::varchar as label')
    expect(statuses(third)).toMatchObject({ kept: 'error', not_null_kept_label: 'skipped' })
    expect(messageOf(third, 'kept')).toContain('not_null_kept_label fails on them: Got 1 result')
    expect(await queryLake(lake, 'select id, label from lake.main.kept order by id')).toEqual([
      { id: 1, label: null },
      { id: 2, label: 'b' },
    ])
  } finally {
    lake.close()
  }
})

it('tests a microbatch model as a whole when it is made, and every batch of it later', async () => {
  await using folder = await makeFolder()
  const lake = await openFolderLake(folder.path)
  try {
    const begin = new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10)
    const build = async (label: string, fullRefresh: boolean) => {
      await writeProject(folder.path, {
        'models/landed.sql': `{{ config(event_time='happened') }}
          select current_date - range::int as happened, ${label} as label from range(5)`,
        'models/kept.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch',
            event_time='happened', batch_size='day', begin='${begin}', lookback=2) }}
          select * from {{ ref('landed') }}`,
        'models/schema.yml': `
models:
  - name: kept
    columns:
      - name: label
        data_tests:
          - not_null: {config: {test_new_rows: true, severity: warn}}
`,
      })
      return statuses(await runFolder(folder.path, lake, { fullRefresh }))
    }
    const early = "case when happened < current_date - 1 then null else 'a' end"
    const made = { landed: 'success', kept: 'success', not_null_kept_label: 'warn' }
    expect(await build(early, true)).toEqual(made)
    expect(await build(early, false)).toEqual(made)
    expect(await build("'a'", false)).toEqual({ ...made, not_null_kept_label: 'pass' })
  } finally {
    lake.close()
  }
})
