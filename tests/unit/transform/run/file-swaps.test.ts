import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { FileSwaps, stagedPlace } from '../../../../transform/run/file-swaps.ts'
import { makeFolder } from '../../../support/project.ts'

it('keeps the new files of what is committed, though the old ones cannot be removed', async () => {
  const folder = await makeFolder()
  onTestFinished(() => folder[Symbol.asyncDispose]())
  const location = join(folder.path, 'out')
  await mkdir(location)
  await writeFile(join(location, 'a.parquet'), 'old')
  const staged = await stagedPlace(location)
  await mkdir(staged)
  await writeFile(join(staged, 'a.parquet'), 'new')
  let isBusy = false
  const files = new FileSwaps(async (path) => {
    if (isBusy) throw new Error('busy')
    await rm(path, { recursive: true, force: true })
  })
  files.add({ node: 'model.a', location, staged, view: 'select 1' })
  await files.publish({ execute: async () => 0 })
  isBusy = true
  await expect(files.finish()).rejects.toThrow('busy')
  isBusy = false
  await files.undo()
  expect(await readFile(join(location, 'a.parquet'), 'utf8')).toBe('new')
})
