import { expect, it } from 'vitest'
import { withInterrupt } from '../../../cli/interrupt.ts'
import { systemClock } from '../../../core/clock.ts'
import { problem } from '../../../core/problems.ts'

const interrupt = () => process.emit('SIGTERM', 'SIGTERM')

it.each([
  ['waits', (signal: AbortSignal) => systemClock.sleep(60_000, signal)],
  [
    'looks at the signal in between',
    async (signal: AbortSignal) => {
      await systemClock.sleep(1)
      signal.throwIfAborted()
    },
  ],
  [
    'is in a query of DuckDB',
    async () => {
      await systemClock.sleep(1)
      throw new Error('outer', { cause: new Error('INTERRUPT Error: Interrupted!') })
    },
  ],
])('calls work that %s interrupted, and no bug', async (_, work) => {
  const running = withInterrupt(work)
  interrupt()
  await expect(running).rejects.toMatchObject({ code: 'cli/interrupted', exitCode: 3 })
})

it('passes on what went wrong for another reason', async () => {
  const other = problem('cli/cannot-write', { file: 'f', reason: 'r' })
  const running = withInterrupt(async () => {
    await systemClock.sleep(1)
    throw other
  })
  interrupt()
  await expect(running).rejects.toBe(other)
  const bug = new Error('bug')
  await expect(withInterrupt(() => Promise.reject(bug))).rejects.toBe(bug)
})
