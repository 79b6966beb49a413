import { expect, it } from 'vitest'
import { tableRolesOf } from '../../../../cli/serve/table-roles.ts'
import { compileFolder, makeFolder, writeProject } from '../../../support/project.ts'

const schemaFile = `
models:
  - name: salaries
    config: { publish: { api: true, roles: [hr, auditor] } }
  - name: bonuses
    config: { meta: { publish: { api: true, roles: board } } }
  - name: totals
    config: { publish: { api: true } }
  - name: mirror
    config: { publish: { table: mirrored } }
`

it('follows the roles of a published table through what reads it, up to what is published openly', async () => {
  await using folder = await makeFolder()
  await writeProject(folder.path, {
    'models/schema.yml': schemaFile,
    'models/wages.sql': 'select 1 as id, 5 as wage',
    'models/salaries.sql': "{{ config(schema='marts') }} select * from {{ ref('wages') }}",
    'models/bonuses.sql': 'select 1 as id',
    'models/hidden.sql': "{{ config(materialized='ephemeral') }} from {{ ref('salaries') }}",
    'models/pay.sql': `{{ config(materialized='view') }}
      select * from {{ ref('hidden') }} join {{ ref('bonuses') }} using (id)`,
    'models/again.sql': "select * from {{ ref('pay') }} join {{ ref('salaries') }} using (id)",
    'models/mirror.sql': "select * from {{ ref('bonuses') }}",
    'models/totals.sql': "select sum(wage) as wages from {{ ref('pay') }}",
    'models/report.sql': "select * from {{ ref('totals') }}",
  })
  const { graph } = await compileFolder(folder.path)
  const [hr, board] = [['hr', 'auditor'], ['board']]
  expect(tableRolesOf(graph)).toEqual({
    'main.wages': [],
    'main_marts.salaries': [hr],
    'main.bonuses': [board],
    'main.hidden': [hr],
    'main.pay': [hr, board],
    'main.again': [hr, board],
    'main.mirror': [board],
    'main.totals': [],
    'main.report': [],
  })
})
