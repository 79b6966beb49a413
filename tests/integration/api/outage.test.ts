import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listenForPublishes } from '../../../api/sources/publish-notices.ts'
import { systemClock } from '../../../core/clock.ts'
import { silentLog } from '../../../core/silent-log.ts'
import { type Instance, killService, startInstance, stopInstance } from '../../../local/instance.ts'
import { openTestApi, shippedActiveUsers, type TestApi } from '../../support/api.ts'
import { cacheDir } from '../../support/extension-directory.ts'
import { openPublishFixture, request } from '../../support/publish-fixture.ts'

const ports = { kafka: 0, kafkaController: 0, s3: 0, postgres: 0, sagemaker: 0 }
const setup = `create table user_activity (user_id int, event_timestamp timestamp);
  insert into user_activity values (1, now() at time zone 'utc' - interval '1 hour');`

describe('the API while PostgreSQL is away', () => {
  let stateDir: string
  let url: string
  let api: TestApi
  const start = (): Promise<Instance> =>
    startInstance({ stateDir, cacheDir, ports, services: ['postgres'], boundToThisProcess: true })

  beforeAll(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'millrace-api-outage-'))
    const { settings } = await start()
    url = settings.postgres?.url ?? ''
    const endpoints = { 'active-users': shippedActiveUsers }
    api = await openTestApi(url, 'public_api', { setup, endpoints })
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

  it('mixes no versions while tables are published without end and PostgreSQL is killed once', async () => {
    const fixture = await openPublishFixture(url)
    const answers = (header: string) => `/* ---\nsummary: x\nshape: object\n${header}\n--- */
      select (select array_agg(distinct round) from swapped) as swapped,
        (select array_agg(distinct round) from merged) as merged,
        (select count(*) from swapped) + (select count(*) from merged) as rows`
    const endpoints = {
      now: answers('path: /api/now'),
      kept: answers('path: /api/kept\ncache_seconds: 600'),
    }
    const served = await openTestApi(fixture.url, 'public', { endpoints })
    const notices = listenForPublishes({
      url: fixture.url,
      schema: 'public',
      onPublish: served.sql.onPublish,
      log: silentLog,
      clock: systemClock,
    })
    const roundOf = new Map<number, number>()
    let round = 0
    const publish = async () => {
      round++
      const rows = `select i as id, ${round} as round from range(${100 + round}) t(i)`
      const snapshot = await fixture.build(
        `create or replace table lake.marts.swapped as ${rows}`,
        `create or replace table lake.marts.merged as ${rows}`,
      )
      roundOf.set(snapshot, round)
      const key = { uniqueKey: ['id'] }
      const requests = [request('swapped', key), request('merged', { ...key, strategy: 'merge' })]
      await fixture.publish(requests)
    }
    await publish()
    let isAsking = true
    const statuses = new Set<number>()
    const wrong: string[] = []
    const seen = new Set<number>()
    const ask = async (path: string) => {
      const { status, body, headers, text } = await served.get(path)
      statuses.add(status)
      if (status !== 200) return undefined
      const versions = headers.get('x-table-version') ?? ''
      const found = /^merged=(\d+), swapped=(\d+)$/.exec(versions)
      const rounds = found?.slice(1).map((version) => roundOf.get(Number(version))) ?? []
      const [one] = rounds
      seen.add(one ?? -1)
      const expected = { swapped: [one], merged: [one], rows: 2 * (100 + (one ?? 0)) }
      const isRight = rounds[0] === rounds[1] && isDeepStrictEqual(body, expected)
      if (!isRight) wrong.push(`${versions} ${text}`)
      return one
    }
    const askers = Array.from({ length: 8 }, async (_, index) => {
      while (isAsking) {
        await ask(index % 2 ? '/api/now' : '/api/kept')
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    })
    for (let count = 0; count < 4; count++) await publish()
    const dying = publish().catch(() => {})
    await killService(stateDir, 'postgres', 'SIGKILL')
    await dying
    await start()
    for (let count = 0; count < 4; count++) await publish()
    await expect.poll(() => ask('/api/kept'), { timeout: 20_000 }).toBe(round)
    expect(await ask('/api/now')).toBe(round)
    isAsking = false
    await Promise.all(askers)
    expect(wrong).toEqual([])
    expect([...statuses].sort()).toEqual([200, 503])
    expect(seen.size).toBeGreaterThan(4)
    await notices.close()
    await served.close()
    await fixture[Symbol.asyncDispose]()
  })
})
