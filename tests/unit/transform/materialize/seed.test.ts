import { expect, it } from 'vitest'
import { headerQuery } from '../../../../transform/materialize/seed.ts'
import { compileFiles } from '../../../support/project.ts'

async function seedOf(text: string) {
  const { graph } = await compileFiles({ 'seeds/cities.csv': text })
  expect(graph.problems).toEqual([])
  const seed = graph.nodes.get('seed.shop.cities')
  if (seed?.kind !== 'seed') throw new Error('no seed')
  return seed
}

it.each(['', '\n\n'])('refuses to load a seed whose file is %j, which parses', async (text) => {
  const seed = await seedOf(text)
  expect(() => headerQuery(seed)).toThrow(
    expect.objectContaining({
      code: 'model/empty-seed',
      message: 'The file of the seed cities is empty, so it has no columns.',
      at: { file: 'seeds/cities.csv' },
    }),
  )
})

it('loads a seed that has columns and no rows', async () => {
  expect(headerQuery(await seedOf('id,name\n'))).toMatch(/read_csv\('.*cities\.csv'/)
})
