import { expect, it } from 'vitest'
import { editQueue } from '../../../../cli/watch/edits.ts'

const never = new AbortController().signal

it('gives all that came until nothing more comes, each path once', async () => {
  const queue = editQueue()
  const taken = queue.take(never)
  queue.note('a')
  queue.note('b')
  await Promise.resolve()
  queue.note('a')
  expect([...((await taken)?.paths ?? [])]).toEqual(['a', 'b'])
})

it('keeps what comes while nobody waits for the next one who does', async () => {
  const queue = editQueue()
  queue.note('a')
  expect([...((await queue.take(never))?.paths ?? [])]).toEqual(['a'])
  queue.note('b')
  expect([...((await queue.take(never))?.paths ?? [])]).toEqual(['b'])
})

it('gives nothing when the time is over or the signal is given', async () => {
  const queue = editQueue()
  expect(await queue.take(never, 1)).toBeUndefined()
  const controller = new AbortController()
  const taken = queue.take(controller.signal)
  controller.abort()
  expect(await taken).toBeUndefined()
  queue.note('a')
  expect(await queue.take(controller.signal)).toBeUndefined()
})
