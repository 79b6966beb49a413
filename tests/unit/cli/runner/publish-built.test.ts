import { expect, it } from 'vitest'
import { assertPublishable } from '../../../../cli/runner/publish-built.ts'
import { compileFiles } from '../../../support/project.ts'

const graphOf = async (config: string) =>
  (await compileFiles({ 'models/a.sql': `{{ config(${config}) }} select 1 as id` })).graph

it('finds a mistake in publish settings before anything is built', async () => {
  const wrong = graphOf(`materialized='table', meta={'publish': {'strategy': 'merge'}}`)
  await expect(assertPublishable(await wrong)).rejects.toMatchObject({
    code: 'publish/bad-settings',
    message: expect.stringContaining('strategy merge needs a unique_key'),
  })
})

it('refuses to publish what is no table of the lake, instead of leaving it out', async () => {
  const settings = `meta={'publish': {'strategy': 'swap'}}`
  for (const kind of ['view', 'external', 'ephemeral']) {
    const graph = await graphOf(`materialized='${kind}', ${settings}`)
    await expect(assertPublishable(graph)).rejects.toMatchObject({
      code: 'publish/bad-settings',
      message: expect.stringContaining(`materialized as ${kind}`),
      exitCode: 2,
      at: { file: 'models/a.sql' },
    })
  }
  await assertPublishable(await graphOf(`materialized='table', ${settings}`))
  await assertPublishable(await graphOf(`materialized='view'`))
})
