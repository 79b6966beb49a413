import type { RequestListener } from 'node:http'
import { connect } from 'node:net'
import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { ApiResponse } from '../../../../api/http/api-response.ts'
import { answerClientErrors, createUnreadableRecorder } from '../../../../api/http/client-error.ts'
import { createApiMetrics } from '../../../../api/http/metrics.ts'
import { onceWritten } from '../../../../api/http/observe-requests.ts'
import { listenOn } from '../../../../api/http/server.ts'
import { sendBytes } from '../../../support/raw-http.ts'

const timeouts = { headersMs: 100, requestMs: 200, checkMs: 20, idleMs: 10_000 }
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function listen(listener: RequestListener = (_, response) => response.end('yes')) {
  const lines: Record<string, unknown>[] = []
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const metrics = createApiMetrics()
  const onClientError = answerClientErrors(createUnreadableRecorder({ log, metrics }))
  const place = { host: '127.0.0.1', port: 0, timeouts, onClientError }
  const { server, port } = await listenOn(listener, place)
  closing.push(() => server.close())
  return { server, port, lines, metrics }
}

const host = 'HTTP/1.1\r\nHost: x\r\n'

describe('what Node refuses', () => {
  it.each([
    [
      'headers of 17 KiB',
      `GET / ${host}X: ${'x'.repeat(17_000)}\r\n\r\n`,
      431,
      'headers-too-large',
    ],
    ['headers that do not end', `GET / ${host}X:`, 408, 'request-too-slow'],
    ['an unknown method', `HACK / ${host}\r\n`, 400, 'malformed-request'],
    ['no HTTP', '\x16\x03\x01\x02\x00', 400, 'malformed-request'],
  ])('is told why, counted and logged: %s', async (_, bytes, status, code) => {
    const { port, lines, metrics } = await listen()
    const answer = await sendBytes(port, bytes)
    expect(answer.status).toBe(status)
    expect(answer.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      connection: 'close',
      'x-content-type-options': 'nosniff',
    })
    const id = answer.headers['x-request-id']
    expect(JSON.parse(answer.body)).toMatchObject({ status, code: `api/${code}`, request_id: id })
    expect(lines).toMatchObject([
      { event: 'request.unreadable', request_id: id, status, code: `api/${code}` },
    ])
    expect(await metrics.text()).toContain(
      `http_requests_total{route="unmatched",method="other",status="${status}"} 1`,
    )
  })

  it.each([
    ['a body that does not come', 'Content-Length: 9\r\n\r\n{', 408, 'request-too-slow'],
    ['a chunk of no size', 'Transfer-Encoding: chunked\r\n\r\nx\r\n', 400, 'malformed-request'],
  ])('has the name and the record of its request: %s', async (_, rest, status, code) => {
    const seen: number[] = []
    const { port, lines } = await listen((_, response) => {
      onceWritten(response, (written) => seen.push(written))
      if (response instanceof ApiResponse) response.announce({ 'x-request-id': 'r1' })
    })
    const answer = await sendBytes(port, `POST / ${host}${rest}`)
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([
      status,
      { code: `api/${code}`, request_id: 'r1' },
    ])
    await expect.poll(() => seen).toEqual([status])
    expect(lines).toEqual([])
  })

  it('does not spoil the answer before it, which is sent whole', async () => {
    const { port } = await listen((_, response) => {
      response.write('half')
      setTimeout(() => response.end(' and half'), 50)
    })
    const { text } = await sendBytes(port, `GET / ${host}\r\nHACK / ${host}\r\nHACK / ${host}\r\n`)
    expect(text).toContain('half\r\n9\r\n and half\r\n0\r\n\r\n')
    expect(text.match(/HTTP\/1\.1 \d/g)).toHaveLength(1)
  })

  it('is not what is half sent: a broken body ends the answer that has begun', async () => {
    const { port } = await listen((_, response) => void response.write('half'))
    const { text } = await sendBytes(
      port,
      `POST / ${host}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\nx\r\n`,
    )
    expect(text.match(/HTTP\/1\.1 \d/g)).toHaveLength(1)
    expect(text).not.toContain('problem')
  })
})

describe('a caller', () => {
  it('who expects what nobody knows is answered as any other', async () => {
    const { port } = await listen()
    const bytes = `GET / ${host}Expect: miracles\r\nConnection: close\r\n\r\n`
    expect(await sendBytes(port, bytes)).toMatchObject({ status: 200 })
  })

  it('who asks nothing in time gets no answer', async () => {
    const { port, lines } = await listen()
    expect((await sendBytes(port, '')).text).toBe('')
    expect(lines).toEqual([])
  })

  it.each(['destroy', 'resetAndDestroy'] as const)(
    'who breaks off in the middle of a body has left: %s',
    async (breakOff) => {
      const seen: number[] = []
      const came = Promise.withResolvers<void>()
      const { port, lines } = await listen((_, response) => {
        onceWritten(response, (status) => seen.push(status))
        came.resolve()
      })
      const socket = connect(port, '127.0.0.1')
      socket.write(`POST / ${host}Content-Length: 9\r\n\r\n{`)
      await came.promise
      socket[breakOff]()
      await expect.poll(() => seen).toEqual([499])
      expect(lines).toEqual([])
    },
  )

  it('who is gone gets none either, and disturbs nobody', async () => {
    const { server, port, lines } = await listen()
    const socket = connect(port, '127.0.0.1')
    await new Promise((resolve) => socket.write(`GET / ${host}X:`, resolve))
    await new Promise((resolve) => setTimeout(resolve, 20))
    socket.resetAndDestroy()
    const count = () => new Promise((resolve) => server.getConnections((_, n) => resolve(n)))
    await expect.poll(count).toBe(0)
    expect(lines).toEqual([])
    expect((await sendBytes(port, `GET / ${host}Connection: close\r\n\r\n`)).status).toBe(200)
  })
})
