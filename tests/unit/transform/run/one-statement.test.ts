import { describe, expect, it } from 'vitest'
import { requireOneStatement } from '../../../../transform/run/one-statement.ts'
import { compileFiles } from '../../../support/project.ts'

async function check(sql: string): Promise<void> {
  const { graph } = await compileFiles({ 'models/a.sql': 'select 1 as id' })
  const [node] = graph.nodes.values()
  if (node?.kind !== 'model') throw new Error('the project has a model')
  requireOneStatement(node, sql)
}

describe('the query of a model', () => {
  it.each([
    'select 1',
    'select 1;',
    'select 1 ;; -- done; really\n /* ; */ ;\n',
    `select ';' as a, "b;" as b -- ;\nfrom "t;"`,
    'select $$a; b$$ as text',
  ])('may be %j', async (sql) => {
    await expect(check(sql)).resolves.toBeUndefined()
  })

  it.each(['select 1; select 2', 'select 1\n;\ncommit', 'select 1; drop table b;'])(
    'may not be %j',
    async (sql) => {
      await expect(check(sql)).rejects.toMatchObject({ code: 'model/many-statements' })
    },
  )
})
