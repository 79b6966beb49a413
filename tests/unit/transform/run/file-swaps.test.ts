import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
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
  const { dev, ino } = await stat(staged)
  await stop(location, staged)
  await putBack({ location, staged, taking: `${dev}:${ino}` })
  await rm(staged, { recursive: true, force: true })
  expect(await readFile(join(location, 'a.parquet'), 'utf8')).toBe('old')
  expect(await readdir(folder.path)).toEqual(['out'])
})

it('leaves the files alone of a run that was killed before its own were written', async () => {
  const folder = await makeFolder()
  onTestFinished(() => folder[Symbol.asyncDispose]())
  const location = join(folder.path, 'out.csv')
  await writeFile(location, 'old')
  const staged = await new FileSwaps(folder.path, 'run').stage('a', location)
  await putBack({ location, staged, taking: undefined })
  expect(await readFile(location, 'utf8')).toBe('old')
})

it('leaves the files of another run that has taken the place meanwhile', async () => {
  const folder = await makeFolder()
  onTestFinished(() => folder[Symbol.asyncDispose]())
  const location = join(folder.path, 'out.csv')
  await writeFile(location, 'old')
  const swap = async (run: string) => {
    const files = new FileSwaps(folder.path, run)
    const staged = await files.stage('a', location)
    await writeFile(staged, run)
    files.add({ node: 'model.a', location, staged, view: 'select 1' })
    await files.publish({ execute: async () => 0 })
    return files
  }
  const loser = await swap('loser')
  const winner = await swap('winner')
  await winner.finish()
  await loser.undo()
  expect(await readFile(location, 'utf8')).toBe('winner')
  expect(await readdir(folder.path)).toEqual(['out.csv'])
})

it('takes the place of a file with a folder', async () => {
  const folder = await makeFolder()
  onTestFinished(() => folder[Symbol.asyncDispose]())
  const location = join(folder.path, 'out')
  await writeFile(location, 'old')
  const files = new FileSwaps(folder.path, 'run')
  const staged = await files.stage('a', location)
  await mkdir(staged)
  await writeFile(join(staged, 'a.parquet'), 'new')
  files.add({ node: 'model.a', location, staged, view: 'select 1' })
  await files.publish({ execute: async () => 0 })
  await files.finish()
  expect(await readFile(join(location, 'a.parquet'), 'utf8')).toBe('new')
  expect(await readdir(folder.path)).toEqual(['out'])
})
