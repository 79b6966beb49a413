import { Hono } from 'hono'
import { describe, expect, it, vi } from 'vitest'
import type { ApiEnvironment } from '../../../../api/http/environment.ts'
import { addHealthRoutes, type ReadinessChecks } from '../../../../api/http/health.ts'

function healthOf(checks: ReadinessChecks) {
  const app = new Hono<ApiEnvironment>()
  addHealthRoutes(app, checks)
  return async () => {
    const response = await app.request('/readyz')
    return { status: response.status, body: await response.json() }
  }
}

const fails = () => Promise.reject(new Error('password=secret'))

describe('readiness', () => {
  it('is given while what is optional is down, and names it', async () => {
    const ready = healthOf({
      checks: { postgres: () => Promise.resolve() },
      optionalChecks: { lake: fails },
    })
    expect(await ready()).toEqual({
      status: 200,
      body: { status: 'degraded', checks: { postgres: 'up', lake: 'down' } },
    })
  })

  it('says of each what is known of it, and how old that is', async () => {
    const ready = healthOf({
      checks: { postgres: () => Promise.resolve('1') },
      optionalChecks: {
        keys: () => Promise.resolve({ state: 'up', ageSeconds: 2.4 }),
        predictor: () => Promise.resolve({ state: 'unknown' }),
      },
    })
    expect((await ready()).body).toEqual({
      status: 'ready',
      checks: { postgres: 'up', keys: 'up', predictor: 'unknown' },
      age_seconds: { keys: 2 },
    })
  })

  it('is given while no model is deployed, but not as if all were well', async () => {
    const ready = healthOf({
      checks: {},
      optionalChecks: { predictor: () => Promise.resolve({ state: 'absent' }) },
    })
    expect(await ready()).toEqual({
      status: 200,
      body: { status: 'degraded', checks: { predictor: 'absent' } },
    })
  })

  it('does not ask again what has not answered the last time', async () => {
    vi.useFakeTimers()
    try {
      let calls = 0
      const hangs = () => {
        calls++
        return new Promise<undefined>(() => {})
      }
      const ready = healthOf({ checks: {}, optionalChecks: { lake: hangs } })
      for (let count = 0; count < 3; count++) {
        const asked = ready()
        await vi.advanceTimersByTimeAsync(2000)
        expect(await asked).toMatchObject({ status: 200, body: { checks: { lake: 'down' } } })
      }
      expect(calls).toBe(1)
    } finally {
      vi.useRealTimers()
    }
  })

  it('is refused while what is required is down, without its error', async () => {
    const { status, body } = await healthOf({ checks: { postgres: fails } })()
    expect(status).toBe(503)
    expect(body).toMatchObject({ code: 'api/not-ready', checks: { postgres: 'down' } })
    expect(JSON.stringify(body)).not.toContain('secret')
  })

  it('is refused once the process is stopping, though all is up', async () => {
    let stopping = false
    const ready = healthOf({ checks: {}, isStopping: () => stopping })
    expect((await ready()).status).toBe(200)
    stopping = true
    expect(await ready()).toMatchObject({ status: 503, body: { code: 'api/stopping' } })
  })

  it('takes a check without an answer for one that is down after two seconds', async () => {
    vi.useFakeTimers()
    try {
      const asked = healthOf({ checks: { slow: () => new Promise(() => {}) } })()
      await vi.advanceTimersByTimeAsync(2000)
      expect(await asked).toMatchObject({ status: 503, body: { checks: { slow: 'down' } } })
    } finally {
      vi.useRealTimers()
    }
  })

  it('asks the dependencies once a second while they are up, and each time while one is down', async () => {
    vi.useFakeTimers()
    try {
      let calls = 0
      let isUp = true
      const check = async () => {
        calls++
        if (!isUp) throw new Error('down')
      }
      const ready = healthOf({ checks: { check } })
      await Promise.all([ready(), ready(), ready()])
      await ready()
      expect(calls).toBe(1)
      await vi.advanceTimersByTimeAsync(1000)
      isUp = false
      expect((await ready()).status).toBe(503)
      isUp = true
      expect((await ready()).status).toBe(200)
      expect(calls).toBe(3)
    } finally {
      vi.useRealTimers()
    }
  })
})
