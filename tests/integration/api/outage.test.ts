import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Instance, killService, startInstance, stopInstance } from '../../../local/instance.ts'
import { openTestApi, shippedActiveUsers, type TestApi } from '../../support/api.ts'
import { cacheDir } from '../../support/extension-directory.ts'

const ports = { kafka: 0, kafkaController: 0, s3: 0, postgres: 0 }
const setup = `create table user_activity (user_id int, event_timestamp timestamp);
  insert into user_activity values (1, now() at time zone 'utc' - interval '1 hour');`

describe('the API while PostgreSQL is away', () => {
  let stateDir: string
  let api: TestApi
  const start = (): Promise<Instance> =>
    startInstance({ stateDir, cacheDir, ports, services: ['postgres'], boundToThisProcess: true })

  beforeAll(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'millrace-api-outage-'))
    const { settings } = await start()
    const endpoints = { 'active-users': shippedActiveUsers }
    api = await openTestApi(settings.postgres?.url ?? '', 'public_api', { setup, endpoints })
  })
  afterAll(async () => {
    await api.close()
    await stopInstance(stateDir, { purge: true })
    await rm(stateDir, { recursive: true, force: true })
  })

  it('answers 503 after kill -9, says so at /readyz, and recovers by itself', async () => {
    expect((await api.get('/api/active-users')).text).toBe('{"active_users":1}')
    await killService(stateDir, 'postgres', 'SIGKILL')

    const refused = await Promise.all(
      Array.from({ length: 20 }, () => api.get('/api/active-users')),
    )
    for (const { status, headers, body, text } of refused) {
      expect(status).toBe(503)
      expect(headers.get('retry-after')).toBe('2')
      expect(body).toMatchObject({ code: 'api/database-unavailable' })
      expect(text).not.toMatch(/127\.0\.0\.1|ECONN|select|password|\.ts/)
    }
    const ready = await api.get('/readyz')
    expect(ready.status).toBe(503)
    expect(ready.body).toMatchObject({ code: 'api/not-ready', checks: { postgres: 'down' } })
    expect(ready.text).toContain('postgres')
    expect((await api.get('/livez')).status).toBe(200)

    await start()
    expect((await api.get('/api/active-users')).text).toBe('{"active_users":1}')
    expect((await api.get('/readyz')).status).toBe(200)
  })

  it('gives only right answers and clean 503s while PostgreSQL is killed under load', async () => {
    let asking = true
    const seen = new Set<string>()
    const ask = async () => {
      while (asking) {
        const { status, text } = await api.get('/api/active-users')
        seen.add(status === 200 ? text : String(status))
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    }
    const askers = Promise.all(Array.from({ length: 8 }, ask))
    await killService(stateDir, 'postgres', 'SIGKILL')
    await start()
    expect((await api.get('/api/active-users')).status).toBe(200)
    asking = false
    await askers
    expect([...seen].sort()).toEqual(['503', '{"active_users":1}'])
  })
})
