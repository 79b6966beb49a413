import { expect, it } from 'vitest'
import { compileFiles } from '../../../support/project.ts'

it('warns of models past their deprecation date, and whoever reads them, before it too', async () => {
  const { graph } = await compileFiles({
    'models/old.sql': 'select 1 as id',
    'models/ageing_v1.sql': 'select 1 as id',
    'models/reads.sql': "select * from {{ ref('old') }} join {{ ref('ageing', v=1) }} using (id)",
    'models/m.yml': `
models:
  - {name: old, deprecation_date: 2001-01-01}
  - name: ageing
    versions: [{v: 1, deprecation_date: 2999-01-01}]
`,
  })
  expect(graph.problems).toEqual([])
  const found = graph.warnings.map(({ code, message, at }) => `${code} ${at?.file} ${message}`)
  expect(found.sort()).toEqual([
    'model/deprecated-model models/old.sql DeprecatedModel: old has the deprecation date 2001-01-01.',
    'model/deprecated-model models/reads.sql DeprecatedReference: old has the deprecation date 2001-01-01, and reads reads it.',
    'model/deprecated-model models/reads.sql UpcomingReferenceDeprecation: ageing v1 has the deprecation date 2999-01-01, and reads reads it.',
  ])
})

it('warns once of modules.itertools', async () => {
  const { graph } = await compileFiles({
    'models/a.sql': "select '{{ modules.itertools.chain([1], [2]) | list }}'",
    'models/b.sql': "select '{{ modules.itertools.chain([1], [2]) | list }}'",
  })
  expect(graph.warnings.map(({ message }) => message)).toEqual([
    'ModulesItertoolsUsageDeprecation: dbt will take itertools out of modules.',
  ])
})
