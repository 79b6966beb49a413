import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, vi } from 'vitest'
import { ownerNow, withLockFile } from '../../../core/lock-file.ts'
import { readProcessStat } from '../../../core/proc.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const lockPath = () => join(temporaryDirectory(), 'catalog.lock')

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

it.each([
  ['has ended', '999999999'],
  ['has another life by now', `${process.pid} another-boot 1`],
  ['never wrote its name', ''],
])('takes over the lock of a process that %s', async (_, owner) => {
  const file = lockPath()
  writeFileSync(file, owner)
  expect(await withLockFile(file, async () => 'in', { timeoutMs: 1_000 })).toBe('in')
})

it('takes over a lock whose taking over a crash had begun', async () => {
  const file = lockPath()
  for (const left of [file, `${file}.breaking`]) writeFileSync(left, '999999999')
  expect(await withLockFile(file, async () => 'in', { timeoutMs: 1_000 })).toBe('in')
})

it('gives up on a living owner after the time-out, and leaves the lock to it', async () => {
  const file = lockPath()
  await withLockFile(file, async () => {
    const second = withLockFile(file, async () => 'in', { timeoutMs: 30 })
    await expect(second).rejects.toMatchObject({ code: 'lake/locked', exitCode: 3 })
    expect(existsSync(file)).toBe(true)
  })
  expect(readdirSync(dirname(file))).toEqual([])
})

/** Takes the lock, which a dead process left behind each time, and adds one to a number in a file. */
const contender = `
import { readFileSync, writeFileSync } from 'node:fs'
const [, , module, file] = process.argv
const { withLockFile } = await import(module)
for (let round = 0; round < 40; round++) {
  await withLockFile(file, async () => {
    const count = Number(readFileSync(file + '.count', 'utf8'))
    await new Promise((resolve) => setImmediate(resolve))
    writeFileSync(file + '.count', String(count + 1))
  })
  try {
    writeFileSync(file, '999999999', { flag: 'wx' })
  } catch {}
}`

it('lets only one of several processes take over what a dead one left', async () => {
  const file = lockPath()
  writeFileSync(`${file}.count`, '0')
  writeFileSync(`${file}.mjs`, contender)
  const module = new URL('../../../core/lock-file.ts', import.meta.url).pathname
  const run = promisify(execFile)
  const command = [`${file}.mjs`, module, file]
  await Promise.all(Array.from({ length: 4 }, () => run(process.execPath, command)))
  expect(readFileSync(`${file}.count`, 'utf8')).toBe('160')
})

it('frees the lock when the work throws', async () => {
  const file = lockPath()
  await expect(withLockFile(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(existsSync(file)).toBe(false)
})

it.runIf(process.platform === 'linux')(
  'is taken over from one that is dead and that nobody has buried',
  async () => {
    const file = lockPath()
    // The shell becomes a program that never asks after its child, before the child ends.
    const parent = spawn('sh', ['-c', 'sleep 0.5 & echo $!; exec sleep 60'])
    try {
      const [line] = await once(parent.stdout, 'data')
      const pid = Number(line)
      await vi.waitUntil(() => readProcessStat(pid)?.state === 'Z', { timeout: 10_000 })
      writeFileSync(file, ownerNow(pid))
      expect(await withLockFile(file, async () => 'mine', { timeoutMs: 2_000 })).toBe('mine')
    } finally {
      parent.kill('SIGKILL')
    }
  },
)
