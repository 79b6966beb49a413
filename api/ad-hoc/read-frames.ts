/** What comes from a child, bounded and checked: it runs strangers' SQL. */
import { z } from 'zod'
import { type FromChild, headerBytes, letters, maxFrameBytes } from './protocol.ts'

export type Frame =
  | { readonly kind: 'message'; readonly message: FromChild }
  | { readonly kind: 'data'; readonly bytes: Uint8Array<ArrayBuffer> }

const fromChildSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('taken') }),
  z.object({
    kind: z.literal('answer'),
    snapshot: z.number(),
    asOf: z.string().regex(/^[0-9T:.Z-]+$/),
    rows: z.number(),
    truncated: z.boolean(),
  }),
  z.object({ kind: z.literal('end'), cpuMs: z.number(), rssBytes: z.number() }),
  z.object({
    kind: z.literal('failed'),
    interrupted: z.boolean(),
    broken: z.boolean(),
    problem: z
      .object({
        code: z.string().regex(/^api\/[a-z-]+$/),
        message: z.string().max(2000),
        hint: z.string().max(2000).optional(),
        httpStatus: z.number().int().min(400).max(503),
      })
      .optional(),
    reason: z.string().max(2000),
  }),
])

/** The frames of a child's stdout. @throws when it does not keep to the protocol */
export async function* readFrames(stream: AsyncIterable<Buffer>): AsyncGenerator<Frame, void> {
  let buffered = Buffer.alloc(0)
  for await (const chunk of stream) {
    buffered = buffered.length === 0 ? Buffer.from(chunk) : Buffer.concat([buffered, chunk])
    while (buffered.length >= headerBytes) {
      const length = buffered.readUInt32BE(1)
      if (length > maxFrameBytes) throw new Error('a frame of the child is too long')
      if (buffered.length < headerBytes + length) break
      const payload = buffered.subarray(headerBytes, headerBytes + length)
      yield decode(buffered.readUInt8(0), payload)
      buffered = buffered.subarray(headerBytes + length)
    }
  }
}

function decode(letter: number, payload: Buffer): Frame {
  // A copy, for what it is cut from is written on.
  if (letter === letters.data) return { kind: 'data', bytes: Uint8Array.from(payload) }
  const message = fromChildSchema.parse(JSON.parse(payload.toString('utf8')))
  return { kind: 'message', message }
}
