import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFileSink } from '../../../../ingest/producer/file-sink.ts'
import type { Message } from '../../../../ingest/producer/message.ts'
import { replayFile } from '../../../../ingest/producer/replay.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-producer-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

async function replayed(content: string | Buffer): Promise<readonly Message[]> {
  const file = join(folder, 'in.ndjson')
  writeFileSync(file, content)
  return await all(replayFile(file))
}

const plain = (value: string, key: string | null = null): Message => ({
  key,
  value,
  kind: 'ordinary',
  at: 0,
})

describe('replayFile', () => {
  it('takes each line as it stands, with the user as the key', async () => {
    const messages = await replayed('{"user_id": 7}\n\n not json\n{"user_id":"a"}\n[1]')
    expect(messages.map(({ key, value }) => [key, String(value)])).toEqual([
      ['7', '{"user_id": 7}'],
      [null, ' not json'],
      ['a', '{"user_id":"a"}'],
      [null, '[1]'],
    ])
  })

  it('keeps bytes that are no UTF-8, and lines longer than what is read at once', async () => {
    const line = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.alloc(700_000, 'x')])
    const messages = await replayed(Buffer.concat([line, Buffer.from('\n'), line]))
    expect(messages).toHaveLength(2)
    for (const { value } of messages) expect(line.equals(Buffer.from(value ?? ''))).toBe(true)
  })

  it('refuses a line longer than a broker takes, by its number', async () => {
    await expect(replayed(`{}\n${'x'.repeat(1_000_001)}\n`)).rejects.toMatchObject({
      code: 'produce/line-too-long',
      at: { line: 2 },
    })
  })

  it('says which file cannot be read', async () => {
    const missing = join(folder, 'missing.ndjson')
    await expect(all(replayFile(missing))).rejects.toMatchObject({
      code: 'produce/file-unreadable',
      exitCode: 2,
    })
  })
})

describe('openFileSink', () => {
  it('writes one line a message, and null for one without a value', async () => {
    const file = join(folder, 'out.ndjson')
    const sink = await openFileSink(file)
    await sink.send([plain('{"a":1}'), { ...plain(''), value: null }])
    await sink.send([{ ...plain(''), value: Buffer.from([0xff]) }])
    expect(readdirSync(folder)).toEqual(['out.ndjson.part'])
    await sink.close()
    expect(readFileSync(file)).toEqual(
      Buffer.concat([Buffer.from('{"a":1}\nnull\n'), Buffer.from([0xff, 0x0a])]),
    )
  })

  it('leaves nothing behind when it is abandoned', async () => {
    const sink = await openFileSink(join(folder, 'out.ndjson'))
    await sink.send([plain('{}')])
    await sink.abandon()
    expect(readdirSync(folder)).toEqual([])
  })

  it('says which file cannot be written', async () => {
    await expect(openFileSink(join(folder, 'no', 'out'))).rejects.toMatchObject({
      code: 'produce/file-unwritable',
    })
  })
})
