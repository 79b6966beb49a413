import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { withLockFile } from '../../../core/lock-file.ts'

const lockPath = () => join(mkdtempSync(join(tmpdir(), 'millrace-lock-')), 'catalog.lock')

it('lets one holder in at a time and removes the file', async () => {
  const file = lockPath()
  let inside = 0
  let most = 0
  const hold = () =>
    withLockFile(file, async () => {
      inside += 1
      most = Math.max(most, inside)
      await new Promise((resolve) => setTimeout(resolve, 2))
      inside -= 1
    })
  await Promise.all(Array.from({ length: 10 }, hold))
  expect(most).toBe(1)
  expect(existsSync(file)).toBe(false)
})

it('takes over the lock of a process that is gone', async () => {
  const file = lockPath()
  writeFileSync(file, '999999999')
  expect(await withLockFile(file, async () => 'in')).toBe('in')
})

it('gives up on a living owner after the time-out, and leaves the lock to it', async () => {
  const file = lockPath()
  writeFileSync(file, String(process.pid))
  await expect(withLockFile(file, async () => 'in', { timeoutMs: 30 })).rejects.toThrow(
    'still locked',
  )
  expect(existsSync(file)).toBe(true)
})

it('frees the lock when the work throws', async () => {
  const file = lockPath()
  await expect(withLockFile(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(existsSync(file)).toBe(false)
})
