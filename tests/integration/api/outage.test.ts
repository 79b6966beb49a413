import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openLakeSource } from '../../../api/sources/lake-source.ts'
import { listenForPublishes } from '../../../api/sources/publish-notices.ts'
import { systemClock } from '../../../core/clock.ts'
import { silentLog } from '../../../core/silent-log.ts'
import { type Instance, killService, startInstance, stopInstance } from '../../../local/instance.ts'
import { openTestApi, shippedActiveUsers, type TestApi } from '../../support/api.ts'
import { cacheDir } from '../../support/extension-directory.ts'
import { openPublishFixture, openTestLake, request } from '../../support/publish-fixture.ts'

const ports = { kafka: 0, kafkaController: 0, s3: 0, postgres: 0, sagemaker: 0 }
const setup = `create table user_activity (user_id int, event_timestamp timestamp);
  insert into user_activity values (1, now() at time zone 'utc' - interval '1 hour');`

const pageSchema = z.object({
  data: z.array(z.object({ id: z.number(), round: z.number(), mail: z.string().nullable() })),
  next: z.string().nullable(),
})

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
        (select count(*) from swapped) + (select count(*) from merged) as rows,
        (select min(mail) from swapped) as mail`
    const endpoints = {
      now: answers('path: /api/now\npersonal_data: mask'),
      kept: answers('path: /api/kept\npersonal_data: mask\ncache_seconds: 600'),
      pages:
        '/* ---\nsummary: x\npath: /api/pages\npage: { by: [id], size: 40 }\n--- */ select id, round, mail from swapped',
      lake: `/* ---\nsummary: x\nshape: object\npath: /api/lake\nsource: lake\npersonal_data: none\ntable_roles: waive\n--- */
        select (select array_agg(distinct round) from marts.swapped) as swapped,
          (select array_agg(distinct round) from marts.merged) as merged`,
      plans: `/* ---\nsummary: x\nshape: object\npath: /api/plans\n--- */
        select sum(generic_plans) as generic, sum(custom_plans) as custom from pg_prepared_statements`,
    }
    // Every plan is made once and kept, whatever it is bound to: none may read a table that was swapped away.
    const generic = new URL(fixture.url)
    generic.searchParams.set('options', '-c plan_cache_mode=force_generic_plan')
    const reader = await openTestLake(fixture.folder)
    const lake = openLakeSource({ lake: reader })
    const served = await openTestApi(generic.href, 'public', { endpoints, lake })
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
      const rows = `select i as id, ${round} as round, 'm${round}' as mail from range(${100 + round}) t(i)`
      const snapshot = await fixture.build(
        `create or replace table lake.marts.swapped as ${rows}`,
        `create or replace table lake.marts.merged as ${rows}`,
      )
      roundOf.set(snapshot, round)
      // In every second round the mails are personal data.
      const piiColumns = round % 2 === 0 ? ['mail'] : []
      const key = { uniqueKey: ['id'], api: true }
      await fixture.publish([
        request('swapped', { ...key, piiColumns }),
        request('merged', { ...key, strategy: 'merge' }),
      ])
    }
    await publish()
    await served.check()
    await served.tables.catalog.reload()

    let phase: 'before' | 'away' | 'after' = 'before'
    const outcomes = new Set<string>()
    const wrong: string[] = []
    const seen = new Set<number>()
    const mailOf = (of: number) => (of % 2 === 0 ? null : `m${of}`)
    /** The answer, when there is one; what else may come is named in `outcomes`. */
    const get = async (path: string) => {
      const asked = phase
      const { status, body, headers } = await served.get(path)
      const problem = z.object({ code: z.string() }).safeParse(body)
      const phases = asked === phase ? asked : `${asked}-${phase}`
      outcomes.add(`${phases} ${status} ${status === 200 ? '' : problem.data?.code}`.trim())
      if (status !== 200) return undefined
      return { body, version: headers.get('x-table-version') ?? '' }
    }
    const expectRight = (isRight: boolean, path: string, answer: unknown) => {
      if (!isRight) wrong.push(`${path} ${JSON.stringify(answer)}`)
    }
    const ask = async (path: string) => {
      const answer = await get(path)
      if (answer === undefined) return undefined
      const found = /^merged=(\d+), swapped=(\d+)$/.exec(answer.version)
      const [one = -1, other] = found?.slice(1).map((v) => roundOf.get(Number(v))) ?? []
      seen.add(one)
      const rows = 2 * (100 + one)
      const expected = { swapped: [one], merged: [one], rows, mail: mailOf(one) }
      expectRight(one === other && isDeepStrictEqual(answer.body, expected), path, answer)
      return one
    }
    /** Goes through all pages: each of one round, which never goes back, and together every row once. */
    const walk = async (first: string) => {
      let last = { id: -1, round: 0 }
      for (let path: string | undefined = first; path !== undefined; ) {
        const answer = await get(path)
        if (answer === undefined) return
        const { data, next } = pageSchema.parse(answer.body)
        const of = roundOf.get(Number(/^swapped=(\d+)$/.exec(answer.version)?.[1])) ?? -1
        const ids = data.map(({ id }) => id)
        const isRight =
          data.every((row) => row.round === of && row.mail === mailOf(of)) &&
          isDeepStrictEqual(
            ids,
            Array.from(ids, (_, index) => last.id + 1 + index),
          ) &&
          of >= last.round &&
          (next !== null ||
            ids.at(-1) === 99 + of ||
            (ids.length === 0 && last.id >= 99 + last.round))
        expectRight(isRight, path, { ...answer, last })
        last = { id: ids.at(-1) ?? last.id, round: of }
        path = next === null ? undefined : `${first}&cursor=${encodeURIComponent(next)}`
      }
    }
    /** Of the lake, which has the round before it is published. */
    const askLake = async () => {
      const answer = await get('/api/lake')
      if (answer === undefined) return
      const snapshot = Number(/^lake=(\d+)$/.exec(answer.version)?.[1])
      lakeAnswers.push({ snapshot, body: answer.body })
    }
    const lakeAnswers: { readonly snapshot: number; readonly body: unknown }[] = []
    const turns = [
      () => ask('/api/now'),
      () => ask('/api/kept'),
      () => walk('/api/pages?limit=40'),
      () => walk('/api/tables/swapped?limit=30'),
      askLake,
    ]
    let isAsking = true
    const askers = Array.from({ length: 10 }, async (_, index) => {
      while (isAsking) {
        await turns[index % turns.length]?.()
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    })
    for (let count = 0; count < 4; count++) await publish()
    phase = 'away'
    const dying = publish().catch(() => {})
    await killService(stateDir, 'postgres', 'SIGKILL')
    await dying
    await start()
    const isBack = async () => (await served.get('/readyz')).status
    await expect.poll(isBack, { timeout: 20_000 }).toBe(200)
    phase = 'after'
    for (let count = 0; count < 4; count++) await publish()
    await expect.poll(() => ask('/api/kept'), { timeout: 20_000 }).toBe(round)
    expect(await ask('/api/now')).toBe(round)
    isAsking = false
    await Promise.all(askers)

    for (const { snapshot, body } of lakeAnswers) {
      const of = roundOf.get(Math.max(...[...roundOf.keys()].filter((one) => one <= snapshot)))
      expectRight(isDeepStrictEqual(body, { swapped: [of], merged: [of] }), 'lake', {
        snapshot,
        body,
      })
    }
    expect(wrong.slice(0, 3)).toEqual([])
    const allowed = /^\S+ 200$|^\S*away\S* 503 api\/database-unavailable$/
    expect([...outcomes].filter((outcome) => !allowed.test(outcome))).toEqual([])
    const expected = ['before 200', 'away 503 api/database-unavailable', 'after 200']
    expect([...outcomes]).toEqual(expect.arrayContaining(expected))
    expect(new Set(lakeAnswers.map(({ snapshot }) => snapshot)).size).toBeGreaterThan(4)
    expect(seen.size).toBeGreaterThan(4)
    expect((await served.get('/api/plans')).body).toMatchObject({ custom: 0 })
    await notices.close()
    await served.close()
    await fixture[Symbol.asyncDispose]()
  })
})
