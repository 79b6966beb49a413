import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { writeCacheFile } from '../../../../transform/cache/cache-file.ts'
import { makeFolder } from '../../../support/project.ts'

it('is not written where its folder is a file, and nothing fails', async () => {
  await using folder = await makeFolder()
  const target = join(folder.path, 'target')
  writeFileSync(target, 'in the way')
  writeCacheFile({ path: join(target, 'partial_parse.millrace'), writer: 'test' }, { graph: 1 })
  expect(readFileSync(target, 'utf8')).toBe('in the way')
})
