import { createServer, type IncomingMessage, type RequestListener, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { ApiResponse } from '../../../../api/http/api-response.ts'
import { createKnownRequests, type KeptAnswer } from '../../../../api/http/known-requests.ts'
import type { AnsweredRequest } from '../../../../api/http/record-request.ts'
import { systemClock } from '../../../../core/clock.ts'

type Got = { readonly status: number; readonly headers: object; readonly body: string }

type Sent = {
  readonly path?: string
  readonly method?: string
  readonly headers?: Record<string, string | string[]>
}

/** A server whose app answers `kept`, which it may be asked for again, or with what it was asked. */
async function withServer(
  work: (server: {
    readonly get: (sent?: Sent) => Promise<Got>
    readonly asked: string[]
    readonly recorded: AnsweredRequest[]
    readonly keep: (answer: KeptAnswer | undefined) => void
  }) => Promise<void>,
): Promise<void> {
  let kept: KeptAnswer | undefined = { body: '{"n":"é"}', headers: { 'x-table-version': 't=1' } }
  const asked: string[] = []
  const recorded: AnsweredRequest[] = []
  const known = createKnownRequests({
    record: (seen) => void recorded.push(seen),
    clock: systemClock,
  })
  const app: RequestListener = (incoming: IncomingMessage, response) => {
    asked.push(`${incoming.method} ${incoming.url}`)
    response.writeHead(200, {
      ...kept?.headers,
      'content-length': 10,
      'x-request-id': 'of the app',
    })
    response.end(kept?.body ?? '{"n":null}')
    known.learn(incoming, {
      path: '/kept',
      route: '/kept',
      principal: 'anonymous',
      read: () => kept,
    })
  }
  const server = createServer({ ServerResponse: ApiResponse }, (incoming, response) => {
    if (!known.answer(incoming, response)) app(incoming, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // A server that listens on a port has one.
  const get = ({ path = '/kept?days=1', method = 'GET', headers = {} }: Sent = {}) =>
    new Promise<Got>((resolve, reject) => {
      const sent = request({ port, host: '127.0.0.1', path, method, headers }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk
        })
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        )
      })
      sent.once('error', reject).end()
    })
  try {
    const keep = (answer: KeptAnswer | undefined) => {
      kept = answer
    }
    await work({ get, asked, recorded, keep })
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

describe('a request that the app has answered with what it keeps', () => {
  it('is answered the same without the app, under a name of its own, and recorded', async () => {
    await withServer(async ({ get, asked, recorded }) => {
      const first = await get()
      const second = await get()
      expect(asked).toEqual(['GET /kept?days=1'])
      const { date: _, ...headers } = { date: '', ...first.headers }
      expect(second).toMatchObject({
        ...first,
        headers: { ...headers, 'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/) },
      })
      expect(Object.keys(second.headers).sort()).toEqual(Object.keys(first.headers).sort())
      await expect.poll(() => recorded.length).toBe(1)
      expect(recorded[0]).toMatchObject({
        method: 'GET',
        path: '/kept',
        route: '/kept',
        status: 200,
      })
      expect(recorded[0]?.bytes).toBeGreaterThan(500)
    })
  })

  it.each<[string, Sent]>([
    ['another address', { path: '/kept?days=2' }],
    ['another method', { method: 'HEAD' }],
    ['another host', { headers: { host: 'example.org' } }],
    ['a condition', { headers: { 'if-none-match': '*' } }],
    ['a name', { headers: { 'x-request-id': 'mine' } }],
    ['a credential', { headers: { authorization: 'Bearer x' } }],
    ['a proxy', { headers: { 'X-Forwarded-For': '1.2.3.4' } }],
    ['another site', { headers: { Origin: 'https://example.org' } }],
    ['a body', { headers: { 'content-length': '0' } }],
  ])('goes to the app when it comes with %s', async (_, sent) => {
    await withServer(async ({ get, asked, recorded }) => {
      await get()
      await get(sent)
      expect(asked).toHaveLength(2)
      expect(recorded).toEqual([])
    })
  })

  it('goes to the app once nothing is kept any more', async () => {
    await withServer(async ({ get, asked, keep }) => {
      await get()
      keep({ body: '{"n":2}   ', headers: {} })
      expect((await get()).body).toBe('{"n":2}   ')
      keep(undefined)
      expect((await get()).body).toBe('{"n":null}')
      expect(asked).toHaveLength(2)
    })
  })
})
