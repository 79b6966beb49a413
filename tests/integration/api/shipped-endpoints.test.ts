import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { z } from 'zod'
import { migrate } from '../../../transform/publish/migrate.ts'
import { openTestApi, repository, runSql, type TestApi } from '../../support/api.ts'

const pageSchema = z.object({
  data: z.array(z.object({ id: z.number() })),
  next: z.string().nullable(),
})

/** The plan of a statement, as text. */
async function explain(url: string, schema: string, sql: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(
    `set enable_seqscan = off; set enable_bitmapscan = off; set search_path = ${schema}`,
  )
  const { rows } = await client.query<[string]>({ text: `explain ${sql}`, rowMode: 'array' })
  await client.end()
  return rows.flat().join('\n')
}

describe('the endpoints that this repository ships', () => {
  const schema = 'api_shipped'
  let api: TestApi
  beforeAll(async () => {
    const url = inject('services').postgresUrl
    const files = readdirSync(`${repository}api/endpoints`)
    const shipped = files.map((file) => [
      file.replace('.sql', ''),
      readFileSync(`${repository}api/endpoints/${file}`, 'utf8'),
    ])
    // Swapped tables as publishing makes them of the models' types.
    const setup = `
      create table daily_funnel (day date primary key, visitors bigint, viewers bigint, carters bigint,
        checkouts bigint, purchasers bigint, view_to_cart_rate numeric(18,6), cart_to_checkout_rate numeric(18,6),
        checkout_to_purchase_rate numeric(18,6), view_to_purchase_rate numeric(18,6));
      insert into daily_funnel select date '2024-11-01' + i, 9, 8, 6, 3, 3, 0.75, 0.5, 1, null from generate_series(0, 9) i;
      create table monthly_user_activity (user_id bigint, month date, event_count bigint, purchase_count bigint,
        revenue_cents bigint, primary key (user_id, month));
      insert into monthly_user_activity values (1, '2024-10-01', 5, 0, 0), (1, '2024-11-01', 7, 1, 250),
        (2, '2024-11-01', 1, 1, 9007199254740993), (2, '2024-12-01', 1, 0, 0);
      create table purchases_by_user (user_id bigint primary key, total_purchases bigint, revenue_cents bigint);
      insert into purchases_by_user select i, i % 4, i from generate_series(1, 20) i;`
    api = await openTestApi(url, schema, { setup, endpoints: Object.fromEntries(shipped) })
    await migrate(url, { schema })
    await runSql(
      url,
      `set search_path = ${schema};
       insert into users values (1, 'A', 'a@example.org', now()), (2, 'B', 'b@example.org', now());
       insert into user_activity (id, user_id, action, event_timestamp, details)
       select i, 1 + i % 2, case when i % 3 = 0 then 'purchase' else 'login' end,
         timestamp '2024-11-25' + (i / 10) * interval '1 second', '{"session_id": 1}' from generate_series(1, 300) i;
       insert into aggregated_metrics (metric_name, metric_value, created_at) values
         ('total_purchases', 5, '2024-11-24'), ('total_purchases', 12.5, '2024-11-25');
       analyze`,
    )
  })
  afterAll(() => api.close())

  it('are all sound', async () => {
    await expect(api.check()).resolves.toBeUndefined()
    const paths = api.sql.endpoints.map(({ endpoint }) => endpoint.header.path)
    expect(paths.sort()).toEqual([
      '/api/active-users',
      '/api/metrics/{name}',
      '/api/reports/funnel',
      '/api/reports/monthly-activity',
      '/api/reports/top-purchasers',
      '/api/users/{user_id}/activity',
    ])
  })

  it('page through what a user did, the newest first, of one action where it is asked for', async () => {
    const { body } = await api.get('/api/users/1/activity?limit=2')
    expect(body).toMatchObject({
      data: [
        {
          id: 300,
          action: 'purchase',
          event_timestamp: '2024-11-25T00:00:30',
          details: { session_id: 1 },
        },
        { id: 298 },
      ],
    })
    const { next } = pageSchema.parse(body)
    const second = await api.get(`/api/users/1/activity?limit=2&cursor=${next}`)
    expect(second.body).toMatchObject({ data: [{ id: 296 }, { id: 294 }] })
    const bought = await api.get('/api/users/1/activity?action=purchase&limit=1000')
    expect(pageSchema.parse(bought.body).data).toHaveLength(50)
    expect((await api.get('/api/users/99/activity')).body).toEqual({ data: [], next: null })
    expect((await api.get('/api/users/2147483648/activity')).status).toBe(400)
  })

  it('read a page of a user by the index, and not his whole history', async () => {
    const served = api.sql.endpoints.find(({ endpoint }) => endpoint.name === 'user-activity')
    const statement = served?.known()?.statement({ isMasked: false, limit: 5, isContinued: true })
    const bound = statement?.text
      .replaceAll(/\$1\b/g, '1')
      .replaceAll(/\$2\b/g, 'null')
      .replaceAll(/\$3\b/g, "'2024-11-25T00:00:20'")
      .replaceAll(/\$4\b/g, "'200'")
    const rows = await explain(inject('services').postgresUrl, schema, bound ?? '')
    expect(rows).toMatch(/Index Scan Backward using user_activity_user_id_idx/)
    expect(rows).toMatch(/Index Cond: \(\(user_id = .*event_timestamp.*<=/)
  })

  it('add up months, with every digit', async () => {
    const { text } = await api.get(
      '/api/reports/monthly-activity?since=2024-11-15&until=2024-11-30',
    )
    expect(text).toBe(
      '[{"month":"2024-11-01","active_users":2,"event_count":8,"purchase_count":2,"revenue_cents":9007199254741243}]',
    )
    expect((await api.get('/api/reports/monthly-activity')).body).toHaveLength(3)
  })

  it('name those who bought most, the funnel of each day, and one metric', async () => {
    expect((await api.get('/api/reports/top-purchasers?limit=2')).text).toBe(
      '[{"user_id":3,"total_purchases":3},{"user_id":7,"total_purchases":3}]',
    )
    expect((await api.get('/api/reports/top-purchasers?limit=101')).status).toBe(400)
    const days = await api.get('/api/reports/funnel?since=2024-11-03&until=2024-11-04')
    expect(days.body).toMatchObject([
      { day: '2024-11-03', visitors: 9, view_to_cart_rate: 0.75, view_to_purchase_rate: null },
      { day: '2024-11-04' },
    ])
    expect((await api.get('/api/metrics/total_purchases')).text).toBe(
      '{"metric_name":"total_purchases","metric_value":12.5,"created_at":"2024-11-25T00:00:00"}',
    )
    expect((await api.get('/api/metrics/nothing')).status).toBe(404)
  })
})
