import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openSelection } from '../../../../cli/runner/open-selection.ts'
import { makeGraph } from '../../../support/graph-nodes.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

it('finds what was measured last in the target folder of the command line', async () => {
  const projectDir = temporaryDirectory()
  const metadata = { dbt_schema_version: 'https://schemas.getdbt.com/dbt/sources/v3.json' }
  for (const folder of ['before', 'out', 'target']) {
    mkdirSync(join(projectDir, folder))
    const file = join(projectDir, folder, 'sources.json')
    writeFileSync(file, JSON.stringify({ metadata, results: [folder] }))
  }
  const args = { select: ['source_status:fresher'], exclude: [], state: 'before' }
  const measured = async (targetPath?: string) => {
    const { state } = await openSelection(makeGraph(), { projectDir }, { ...args, targetPath })
    return state?.previous.currentSources
  }
  expect(await measured()).toMatchObject({ results: ['target'] })
  expect(await measured('out')).toMatchObject({ results: ['out'] })
})
