import { describe, expect, it } from 'vitest'
import { openDuckdb } from '../../../../core/clients/duckdb.ts'
import type { FeatureSet } from '../../../../ml/features/feature-set.ts'
import { writePart } from '../../../../ml/features/write-part.ts'
import { extensionDirectory } from '../../../support/extension-directory.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const described = (name: string) => ({
  ...{ id: name, name, file: '', relation: { schema: 'main', name } },
  ...{ meta: {}, columns: [], reads: [], code: '', macroCode: '' },
})
const set: FeatureSet = {
  features: described('f'),
  labels: described('l'),
  names: ['visits'],
  baselineNames: [],
  labelName: 'bought',
  logic: [],
}

/** The parts of an instant with the users of this SQL, and the paths that were written. */
async function partsOf(users: string, count: number) {
  const folder = temporaryDirectory()
  const paths: string[] = []
  const place = {
    fetch: async () => undefined,
    put: async (path: string) => {
      paths.push(path)
    },
  }
  await using duckdb = await openDuckdb({ extensionDirectory })
  return await duckdb.withConnection(async (connection) => {
    await connection.run(`create table f as
      select user_id, timestamp '2026-01-05' as as_of, 1 as visits from (${users})`)
    await connection.run('create table l as select user_id, as_of, true as bought from f')
    const tables = { snapshot: 1, readAt: 1, features: 'f', labels: 'l' }
    const parts = []
    for (let index = 0; index < count; index++) {
      const part = { asOf: Date.parse('2026-01-05T00:00:00Z'), index, count }
      const request = { tables, set, split: 'train', part, label: 'bought', folder, place } as const
      parts.push(await writePart(connection, request))
    }
    return { parts, paths }
  })
}

describe('the parts of an instant', () => {
  it('are about as large as one another, also where ids have a common divisor', async () => {
    const { parts } = await partsOf('select 10 * range as user_id from range(-500, 500)', 10)
    const rows = parts.map((part) => part.rows)
    expect(rows.reduce((sum, one) => sum + one, 0)).toBe(1_000)
    expect(Math.max(...rows)).toBeLessThan(200)
  })

  it('are no files where nobody is in them', async () => {
    const { parts, paths } = await partsOf('select 7 as user_id', 3)
    expect(parts.map(({ rows, files }) => [rows, files.length]).sort()).toEqual([
      [0, 0],
      [0, 0],
      [1, 2],
    ])
    expect(paths).toHaveLength(2)
  })
})
