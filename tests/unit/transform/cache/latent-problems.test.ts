import { describe, expect, it } from 'vitest'
import { makeFolder, writeProject } from '../../../support/project.ts'
import { dataOf, openCached, openFresh, settle } from './cached-project.ts'

describe('names that nothing defines, in a stored graph', () => {
  it('are told again, where they stand now, until they are defined', async () => {
    await using folder = await makeFolder()
    const open = async (files: Readonly<Record<string, string>>) => {
      await writeProject(folder.path, files)
      await settle()
      const { graph, wasParsed } = await openCached(folder.path)
      expect(dataOf(graph)).toEqual(dataOf(await openFresh(folder.path)))
      const lines = graph.latent.map(({ problem: { at } }) => `${at?.file}:${at?.line}`)
      return [wasParsed, ...lines]
    }
    const files = {
      'models/m.sql': "select {{ twoce() }}, {{ var('dayz') }}",
      'models/n.sql': 'select 1 as id',
    }
    expect(await open(files)).toEqual([true, 'models/m.sql:1', 'models/m.sql:1'])
    expect(await open({})).toEqual([false, 'models/m.sql:1', 'models/m.sql:1'])
    const moved = await open({ 'models/m.sql': 'select\n{{ twoce() }}' })
    expect(moved).toEqual([true, 'models/m.sql:2'])
    const defined = await open({ 'macros/m.sql': '{% macro twoce() %}2{% endmacro %}' })
    expect(defined).toEqual([true])
  })
})
