import { spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { isProblem } from '../../../core/errors.ts'
import { withLock } from '../../../local/lock.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

/** A directory whose lock is held until `release`. */
async function heldDirectory() {
  const directory = temporaryDirectory()
  const taken = Promise.withResolvers<void>()
  const end = Promise.withResolvers<void>()
  void withLock(directory, () => {
    taken.resolve()
    return end.promise
  })
  await taken.promise
  return { directory, release: end.resolve }
}

it('lets one in at a time, and everybody in the end', async () => {
  const directory = temporaryDirectory()
  let inside = 0
  let most = 0
  let turns = 0
  const turn = () =>
    withLock(directory, async () => {
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setTimeout(resolve, 2))
      turns++
      inside--
    })
  await Promise.all(Array.from({ length: 8 }, turn))
  expect({ most, turns }).toEqual({ most: 1, turns: 8 })
  expect(readdirSync(directory)).toEqual([])
})

it('takes over from a process that died with the lock', async () => {
  const directory = temporaryDirectory()
  const { pid } = spawnSync('/bin/true')
  writeFileSync(join(directory, `${pid}-0123456789abcdef-aa`), '')
  // The same pid, but born at another time: ours.
  writeFileSync(join(directory, `${process.pid}-0123456789abcdef-bb`), '')
  expect(await withLock(directory, async () => 'mine')).toBe('mine')
  expect(readdirSync(directory)).toEqual([])
})

it('gives the lock back when the work fails', async () => {
  const directory = temporaryDirectory()
  const failing = withLock(directory, async () => {
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(await withLock(directory, async () => 'free')).toBe('free')
})

it('names the process that does not let go', async () => {
  const { directory, release } = await heldDirectory()
  const error = await withLock(directory, async () => {}, { patienceMs: 50 }).catch(
    (error: unknown) => error,
  )
  expect(isProblem(error, 'services/busy') && error.message).toContain(`pid ${process.pid}`)
  release()
})

it('stops waiting when it is told to', async () => {
  const { directory, release } = await heldDirectory()
  const signal = AbortSignal.timeout(50)
  await expect(withLock(directory, async () => {}, { signal })).rejects.toThrow('timeout')
  release()
})

it('says what is wrong when it cannot be taken', async () => {
  const gone = withLock(join(temporaryDirectory(), 'gone'), async () => {})
  await expect(gone).rejects.toMatchObject({ code: 'services/state-dir-unusable' })
})
