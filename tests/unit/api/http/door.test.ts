import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createAdmission } from '../../../../api/http/admission.ts'
import { guardDoor } from '../../../../api/http/door.ts'
import { drainOnAbort, listenOn } from '../../../../api/http/server.ts'
import { giveUpStalled } from '../../../../api/http/stalled-readers.ts'
import { silentLog } from '../../../../core/silent-log.ts'
import { openManualClock } from '../../../support/manual-clock.ts'

const limits = { maxInFlight: 10, maxLagMs: 250 }

describe('admission', () => {
  it('lets in as many as allowed, and one more for each that leaves', () => {
    const admission = createAdmission({ ...limits, maxInFlight: 2 }, () => 0)
    expect([admission.enter(), admission.enter(), admission.enter()]).toEqual([
      undefined,
      undefined,
      'in-flight',
    ])
    admission.leave()
    expect(admission.enter()).toBeUndefined()
    expect(admission.inFlight).toBe(2)
  })

  it('refuses while the event loop is late, unless few requests run', () => {
    const admission = createAdmission(limits, () => 251)
    const answers = Array.from({ length: 9 }, () => admission.enter())
    expect(answers.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => undefined))
    expect(answers[8]).toBe('event-loop')
  })
})

async function withDoor(
  listener: RequestListener,
  maxInFlight: number,
  work: (url: string, refused: string[]) => Promise<void>,
) {
  const refused: string[] = []
  const metrics = { refused: (reason: string) => void refused.push(reason) }
  const admission = createAdmission({ ...limits, maxInFlight }, () => 0)
  const server = createServer(guardDoor(listener, { admission, metrics, log: silentLog }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // A server that listens on a port has one.
  try {
    await work(`http://127.0.0.1:${port}`, refused)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

describe('the door', () => {
  it('answers 503 at once when full, lets health in, and opens when a request has left', async () => {
    const held: (() => void)[] = []
    const listener: RequestListener = (request, response) => {
      if (request.url?.startsWith('/api')) held.push(() => response.end('done'))
      else response.end('health')
    }
    await withDoor(listener, 1, async (url, refused) => {
      const first = fetch(`${url}/api/a`)
      await expect.poll(() => held.length).toBe(1)
      const second = await fetch(`${url}/api/b?x=1`)
      expect(second.status).toBe(503)
      expect(second.headers.get('retry-after')).toBe('2')
      expect(second.headers.get('content-type')).toBe('application/problem+json')
      expect(await second.json()).toMatchObject({
        code: 'api/overloaded',
        request_id: second.headers.get('x-request-id'),
      })
      expect(refused).toEqual(['in-flight'])
      for (const path of ['/livez', '/readyz?verbose', '/metrics']) {
        expect(await (await fetch(url + path)).text()).toBe('health')
      }
      expect((await fetch(`${url}/livez/x`)).status).toBe(503)
      held[0]?.()
      expect(await (await first).text()).toBe('done')
      const third = fetch(`${url}/api/c`)
      await expect.poll(() => held.length).toBe(2)
      held[1]?.()
      expect((await third).status).toBe(200)
    })
  })

  it('counts a request that is broken off as one that has left', async () => {
    let started = 0
    let ended = 0
    const listener: RequestListener = (_, response) => {
      started++
      response.once('close', () => ended++)
    }
    await withDoor(listener, 1, async (url) => {
      for (const round of [1, 2, 3]) {
        const leaving = new AbortController()
        const asked = fetch(url, { signal: leaving.signal }).catch(() => 'left')
        await expect.poll(() => started).toBe(round)
        leaving.abort()
        expect(await asked).toBe('left')
        await expect.poll(() => ended).toBe(round)
      }
    })
  })

  it('breaks off who reads nothing of an answer, and nobody who reads slowly', async () => {
    const large = Buffer.alloc(32 * 1024 ** 2)
    const ended: string[] = []
    const listener: RequestListener = ({ url = '' }, response) => {
      giveUpStalled(response, 300)
      response.once('close', () => ended.push(`${url} ${response.writableFinished}`))
      response.end(large)
    }
    await withDoor(listener, 10, async (url) => {
      const ask = (path: string) => {
        const socket = connect(Number(new URL(url).port), '127.0.0.1')
        socket.on('error', () => {})
        socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
        return socket.pause()
      }
      const idle = ask('/idle')
      const slow = ask('/slow')
      const reading = setInterval(() => slow.read(2 * 1024 ** 2), 50)
      await expect.poll(() => ended, { timeout: 10_000 }).toEqual(['/idle false', '/slow true'])
      clearInterval(reading)
      idle.destroy()
      slow.destroy()
    })
  })

  it('closes the connection of a refused upload', async () => {
    await withDoor(
      (_, response) => void response.end(),
      0,
      async (url) => {
        const answer = await fetch(url, { method: 'POST', body: 'x'.repeat(1000) })
        expect(answer.status).toBe(503)
        expect(answer.headers.get('connection')).toBe('close')
      },
    )
  })
})

describe('a connection that asks nothing', () => {
  const timeouts = { headersMs: 100, requestMs: 200, checkMs: 20, idleMs: 10_000 }

  it('is kept, longer than a request may take and than a balancer keeps it', async () => {
    const { server, port } = await listenOn((_, response) => response.end('yes'), {
      host: '127.0.0.1',
      port: 0,
      timeouts,
    })
    const socket = connect(port, '127.0.0.1')
    let got = ''
    socket.setEncoding('utf8').on('data', (text: string) => {
      got += text
    })
    for (const idleMs of [0, 600]) {
      await new Promise((resolve) => setTimeout(resolve, idleMs))
      got = ''
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
      await expect.poll(() => got).toMatch(/200 OK.*Keep-Alive: timeout=10.*yes/s)
    }
    socket.destroy()
    server.close()
    const ours = await listenOn(() => {}, { host: '127.0.0.1', port: 0 })
    expect(ours.server.keepAliveTimeout).toBeGreaterThan(60_000)
    ours.server.close()
  })
})

describe('a server that ends', () => {
  it('answers whoever is connected once more, and asks them to leave', async () => {
    const { server, port } = await listenOn((_, response) => response.end('yes'), {
      host: '127.0.0.1',
      port: 0,
    })
    const socket = connect(port, '127.0.0.1')
    let got = ''
    socket.setEncoding('utf8').on('data', (text: string) => {
      got += text
    })
    const left = new Promise((resolve) => socket.once('end', resolve))
    const ask = () => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    ask()
    await expect.poll(() => got).toMatch(/Connection: keep-alive.*yes/s)
    const stopping = new AbortController()
    const clock = openManualClock()
    const drain = { onStopping: () => {}, delayMs: 1000, drainMs: 1000, clock }
    const ended = drainOnAbort(server, stopping.signal, drain)
    stopping.abort()
    await expect.poll(() => clock.sleeping).toBe(1)
    got = ''
    ask()
    await left
    expect(got).toMatch(/^HTTP\/1.1 200 OK.*connection: close.*yes/is)
    await clock.advance(1000)
    await ended
  })
})
