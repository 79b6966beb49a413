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

it('refuses to publish a view instead of leaving it out', async () => {
  const settings = `meta={'publish': {'strategy': 'swap'}}`
  await expect(assertPublishable(await graphOf(settings))).rejects.toMatchObject({
    code: 'publish/bad-settings',
    exitCode: 2,
    at: { file: 'models/a.sql' },
  })
  await assertPublishable(await graphOf(`materialized='table', ${settings}`))
  await assertPublishable(await graphOf(`materialized='view'`))
})
