import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { FileSwaps, oldOf, putBack } from '../../../../transform/run/file-swaps.ts'
import { makeFolder } from '../../../support/project.ts'

it('keeps the new files of what is committed, though the old ones cannot be removed', async () => {
  const folder = await makeFolder()
  onTestFinished(() => folder[Symbol.asyncDispose]())
  const location = join(folder.path, 'out')
  await mkdir(location)
  await writeFile(join(location, 'a.parquet'), 'old')
  let isBusy = false
  const files = new FileSwaps(folder.path, 'run', async (path) => {
    if (isBusy) throw new Error('busy')
    await rm(path, { recursive: true, force: true })
  })
  const staged = await files.stage('a', location)
  await mkdir(staged)
  await writeFile(join(staged, 'a.parquet'), 'new')
  files.add({ node: 'model.a', location, staged, view: 'select 1' })
  await files.publish({ execute: async () => 0 })
  isBusy = true
  await expect(files.finish()).rejects.toThrow('busy')
  isBusy = false
  await files.undo()
  expect(await readFile(join(location, 'a.parquet'), 'utf8')).toBe('new')
})

/** How far an exchange had come when its process was killed. */
const stops: readonly (readonly [string, (location: string, staged: string) => Promise<void>])[] = [
  ['the new files were written', async () => {}],
  ['the old ones were put aside', (location, staged) => rename(location, oldOf(staged))],
  [
    'the new ones had taken their place',
    async (location, staged) => {
      await rename(location, oldOf(staged))
      await rename(staged, location)
    },
  ],
  [
    'a roll-back had removed the new ones',
    async (location, staged) => {
      await rename(location, oldOf(staged))
      await rm(staged, { recursive: true })
    },
  ],
]

it.each(stops)('puts the old files back after a kill when %s', async (_, stop) => {
  const folder = await makeFolder()
  onTestFinished(() => folder[Symbol.asyncDispose]())
  const location = join(folder.path, 'out')
  const staged = join(folder.path, '.out.x')
  for (const [path, text] of [
    [location, 'old'],
    [staged, 'new'],
  ] as const) {
    await mkdir(path)
    await writeFile(join(path, 'a.parquet'), text)
  }
  await stop(location, staged)
  await putBack({ location, staged })
  await rm(staged, { recursive: true, force: true })
  expect(await readFile(join(location, 'a.parquet'), 'utf8')).toBe('old')
  expect(await readdir(folder.path)).toEqual(['out'])
})
