import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { encodeData, encodeMessage } from '../../../../api/ad-hoc/protocol.ts'
import { type Frame, readFrames } from '../../../../api/ad-hoc/read-frames.ts'

async function read(chunks: readonly Buffer[]): Promise<Frame[]> {
  const frames: Frame[] = []
  for await (const frame of readFrames(Readable.from(chunks))) frames.push(frame)
  return frames
}

it('reads messages and bytes, however the stream is cut', async () => {
  const bytes = Buffer.from('x'.repeat(600_000))
  const whole = Buffer.concat([encodeMessage({ kind: 'ready' }), ...encodeData(bytes)])
  for (const size of [1_000_000, 4096, 3]) {
    const cut = Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
      whole.subarray(index * size, (index + 1) * size),
    )
    if (size === 3) cut.splice(20)
    const frames = await read(cut)
    expect(frames[0]).toEqual({ kind: 'message', message: { kind: 'ready' } })
    if (size === 3) continue
    const data = frames.flatMap((frame) => (frame.kind === 'data' ? [frame.bytes] : []))
    expect(Buffer.concat(data).equals(bytes)).toBe(true)
  }
})

it.each([
  ['a frame that is too long', Buffer.from([0x44, 0x7f, 0, 0, 0])],
  ['no JSON', Buffer.from([0x4a, 0, 0, 0, 1, 0x78])],
  [
    'a message it does not know',
    Buffer.concat([Buffer.from([0x4a, 0, 0, 0, 14]), Buffer.from('{"kind":"run"}')]),
  ],
])('refuses %s', async (_, bytes) => {
  await expect(read([bytes])).rejects.toThrow()
})
