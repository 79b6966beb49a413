import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { openS3 } from '../../../../core/clients/s3.ts'

let server: Server
const sockets = new Set<Socket>()

/** A store that takes a request, says what it is told to, and then nothing more. */
async function storeThatSays(text: string) {
  server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => socket.write(text))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return openS3({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    bucket: 'b',
    accessKeyId: 'key',
    secretAccessKey: 'secret',
    pathStyle: true,
    requestTimeoutMs: 100,
    maxAttempts: 1,
  })
}

afterEach(() => {
  for (const socket of sockets) socket.destroy()
  server.close()
})

it.each([
  ['never answers', ''],
  ['stops in the middle of an answer', 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf'],
])('a store that %s has failed, and may be asked again', async (_, text) => {
  const store = await storeThatSays(text)
  await expect(store.get('key')).rejects.toMatchObject({
    code: 'lake/store-unreachable',
    retryable: true,
  })
})
