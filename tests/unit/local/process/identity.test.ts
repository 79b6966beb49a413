import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { identify, isAlive, signalProcess } from '../../../../local/process/identity.ts'
import { endProcess } from '../../../../local/process/stop.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

async function sleeper(program = 'sleep') {
  const child = spawn(program, ['60'], { stdio: 'ignore' })
  await once(child, 'spawn')
  const identity = identify(child.pid ?? 0)
  if (identity === undefined) throw new Error('the child is not there')
  return { child, identity }
}

describe('the identity of a process', () => {
  it('stays the same for as long as it lives', () => {
    const own = identify(process.pid)
    expect(own?.pid).toBe(process.pid)
    expect(own).toEqual(identify(process.pid))
    expect(own && isAlive(own)).toBe(true)
  })

  it('is undefined when there is no such process', () => {
    expect(identify(2 ** 22 + 1)).toBeUndefined()
  })

  it('is read past a program name with spaces and parentheses', async () => {
    const program = join(temporaryDirectory(), 'a) b (c')
    symlinkSync('/bin/sleep', program)
    const { child, identity } = await sleeper(program)
    expect(identity.birth).toMatch(/\/\d+$|:\d\d/)
    child.kill('SIGKILL')
  })

  it('is gone once the process was killed', async () => {
    const { child, identity } = await sleeper()
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(isAlive(identity)).toBe(false)
    expect(signalProcess(identity, 'SIGTERM')).toBe(false)
  })
})

it('never signals another process that got the same pid', async () => {
  const { child, identity } = await sleeper()
  const earlier = { pid: identity.pid, birth: 'somebody-before/1' }
  expect(signalProcess(earlier, 'SIGKILL')).toBe(false)
  expect(await endProcess(earlier, 'SIGKILL', 0)).toBe(true)
  expect(isAlive(identity)).toBe(true)
  child.kill('SIGKILL')
})

it('ends a process that ignores the polite signal, also when it is frozen', async () => {
  const script = 'trap "" TERM; while :; do sleep 0.05; done'
  const child = spawn('/bin/sh', ['-c', script], { stdio: 'ignore' })
  await once(child, 'spawn')
  const identity = identify(child.pid ?? 0)
  expect(identity).toBeDefined()
  child.kill('SIGSTOP')
  expect(identity && (await endProcess(identity, 'SIGTERM', 100))).toBe(true)
})
