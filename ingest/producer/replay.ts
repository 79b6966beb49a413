/** A file of NDJSON as messages: each line as it stands, byte for byte; empty lines are left out. */
import { createReadStream } from 'node:fs'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { Message } from './message.ts'

/** Below a broker's default of 1 MiB for a batch, with room for its framing. */
const maxLineBytes = 1_000_000

const lineFeed = 0x0a

/**
 * Reads the file as a stream. The key of a message is its `user_id` when the line is JSON that has one.
 * @throws `produce/file-unreadable`, `produce/line-too-long`
 */
export async function* replayFile(file: string): AsyncGenerator<Message> {
  let rest: Buffer = Buffer.alloc(0)
  let line = 0
  for await (const chunk of readChunks(file)) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let from = 0
    for (let end = bytes.indexOf(lineFeed); end !== -1; end = bytes.indexOf(lineFeed, from)) {
      line += 1
      yield* toMessage(bytes.subarray(from, end), file, line)
      from = end + 1
    }
    rest = bytes.subarray(from)
    assertLength(rest, file, line + 1)
  }
  yield* toMessage(rest, file, line + 1)
}

async function* readChunks(file: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1_024 })) {
      // Without an encoding a file stream gives buffers; its type says `any`.
      yield chunk as Buffer
    }
  } catch (cause) {
    throw problem('produce/file-unreadable', { file, reason: messageOf(cause) }, { cause })
  }
}

function* toMessage(value: Buffer, file: string, line: number): Generator<Message> {
  if (value.length === 0) return
  assertLength(value, file, line)
  yield { key: keyOf(value), value, kind: 'ordinary', at: 0 }
}

function assertLength(value: Buffer, file: string, line: number): void {
  if (value.length <= maxLineBytes) return
  throw problem('produce/line-too-long', { maxBytes: maxLineBytes }, { at: { file, line } })
}

function keyOf(line: Buffer): string | null {
  try {
    const event: unknown = JSON.parse(line.toString('utf8'))
    if (typeof event !== 'object' || event === null || !('user_id' in event)) return null
    const { user_id: userId } = event
    return typeof userId === 'number' || typeof userId === 'string' ? String(userId) : null
  } catch {
    return null // not JSON: it is sent all the same, to whichever partition comes
  }
}
