/** Messages as NDJSON in a file, written under another name until it is complete. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { Message } from './message.ts'
import type { MessageSink } from './sink.ts'

/**
 * One line a message. A message without a value becomes the line `null`, which is no event either.
 * @throws `produce/file-unwritable`
 */
export async function openFileSink(file: string): Promise<MessageSink> {
  const partial = `${file}.part`
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (cause) {
      throw problem('produce/file-unwritable', { file, reason: messageOf(cause) }, { cause })
    }
  }
  const handle: FileHandle = await attempt(() => open(partial, 'w'))
  return {
    send: (messages) => attempt(() => writeAll(handle, Buffer.concat(messages.flatMap(toLine)))),
    close: () =>
      attempt(async () => {
        await handle.close()
        await rename(partial, file)
      }),
    abandon: async () => {
      await handle.close().catch(() => {})
      await rm(partial, { force: true })
    },
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += (await handle.write(bytes, written)).bytesWritten
  }
}

const lineFeed = Buffer.from('\n')

function toLine({ value }: Message): Buffer[] {
  const bytes = typeof value === 'string' ? Buffer.from(value) : (value ?? Buffer.from('null'))
  return [bytes, lineFeed]
}
