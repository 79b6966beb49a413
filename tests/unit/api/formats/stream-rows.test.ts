import { expect, it } from 'vitest'
import { createNdjsonEncoder } from '../../../../api/formats/ndjson.ts'
import { type StreamEnd, streamRows } from '../../../../api/formats/stream-rows.ts'

const limits = { maxRows: 1e9, maxBytes: 1e9 }

/** A cursor that never comes to its end, and what became of the stream over it. */
function endlessStream(stalledMs: number) {
  const seen: { closed: number; broken: number; end?: StreamEnd } = { closed: 0, broken: 0 }
  const cursor = {
    read: async () => [['{"a":1}']],
    close: async () => {
      seen.closed++
    },
  }
  const onEnd = (end: StreamEnd) => {
    seen.end = end
  }
  const breakOff = () => {
    seen.broken++
  }
  const options = { limits, onEnd, breakOff, stalledMs }
  return { seen, reader: streamRows(cursor, createNdjsonEncoder(), options).getReader() }
}

it('gives an export up of which nothing is taken any more, and breaks it off', async () => {
  const { seen, reader } = endlessStream(50)
  await reader.read()
  await expect.poll(() => seen.broken).toBe(1)
  expect(seen).toMatchObject({ closed: 1, end: { left: false, error: { code: 'api/timeout' } } })
})

it('goes on with one that is taken slowly', async () => {
  const { seen, reader } = endlessStream(500)
  for (let round = 0; round < 8; round++) {
    await reader.read()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  expect(seen).toMatchObject({ closed: 0, broken: 0 })
  await reader.cancel()
  expect(seen).toMatchObject({ closed: 1, end: { left: true } })
})
