import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { forgetEverything } from '../../../support/maintain.ts'
import {
  openPublishFixture,
  type PublishFixture,
  request,
} from '../../../support/publish-fixture.ts'

let fixture: PublishFixture
beforeEach(async () => {
  fixture = await openPublishFixture(inject('services').postgresUrl)
})
afterEach(async () => {
  await fixture[Symbol.asyncDispose]()
})

const orders = (rows: string) => `create or replace table lake.marts.orders as ${rows}`
const ordersTable = 'create table orders (id int primary key, name varchar(10), price numeric)'

describe('swap', () => {
  it('makes the table with key, indexes, comments and grants', async () => {
    await fixture.rows('create role reader_of_orders')
    try {
      await fixture.build(orders(`select range::integer as id, 'n' || range as name from range(3)`))
      const [result] = await fixture.publish([
        request('orders', {
          uniqueKey: ['id'],
          indexes: [['name']],
          grants: { select: ['reader_of_orders'] },
          description: "One row per order; it's new",
          columnDescriptions: { id: 'Key', absent: 'not a column' },
        }),
      ])
      expect(result).toMatchObject({ table: 'public.orders', outcome: 'swapped', rows: 3n })
      expect(await fixture.rows('select * from orders order by id')).toEqual([
        { id: 0, name: 'n0' },
        { id: 1, name: 'n1' },
        { id: 2, name: 'n2' },
      ])
      const [facts] = await fixture.rows(
        `select obj_description('orders'::regclass) as comment, col_description('orders'::regclass, 1) as key,
           has_table_privilege('reader_of_orders', 'orders', 'select') as readable,
           array(select indexrelid::regclass::text from pg_index where indrelid = 'orders'::regclass order by 1)
             as indexes`,
      )
      expect(facts).toEqual({
        comment: "One row per order; it's new",
        key: 'Key',
        readable: true,
        indexes: ['orders_name_idx', 'orders_pkey'],
      })
    } finally {
      await fixture.rows('drop table orders; drop role reader_of_orders')
    }
  })

  it('notes what readers are promised, which version the rows are, and when they were true', async () => {
    const promise = { uniqueKey: ['id'], api: true, roles: ['analyst'], piiColumns: ['name'] }
    const noted = async () => {
      const [row] = await fixture.rows(
        `select version::int, as_of, contract from millrace.published where table_name = 'orders'`,
      )
      return row
    }
    await fixture.build(orders(`select 1 as id, 'n' as name`))
    const [first] = await fixture.publish([request('orders', promise)])
    const before = await noted()
    expect(before).toMatchObject({
      version: first?.snapshot,
      contract: {
        api: true,
        roles: ['analyst'],
        description: '',
        unique_key: ['id'],
        columns: [{ name: 'name', description: '', pii: true }],
      },
    })
    await fixture.build('create table lake.marts.elsewhere as select 1 as id')
    const [second] = await fixture.publish([request('orders', { ...promise, roles: [] })])
    expect(second).toMatchObject({ outcome: 'unchanged' })
    const after = await noted()
    expect(after).toMatchObject({ version: first?.snapshot, contract: { roles: [] } })
    expect(Number(after?.['as_of'])).toBeGreaterThan(Number(before?.['as_of']))
    await fixture.rows('drop table orders')
  })

  it('replaces the rows and keeps the rights that were granted by hand', async () => {
    await fixture.rows('create role hand_granted')
    try {
      await fixture.build(orders('select 1 as id'))
      await fixture.publish([request('orders', { uniqueKey: ['id'] })])
      await fixture.rows('grant select on orders to hand_granted; grant select on orders to public')
      await fixture.build(orders('select 2 as id union all select 3'))
      await fixture.publish([request('orders', { uniqueKey: ['id'] })])
      expect(await fixture.rows('select id from orders order by id')).toEqual([
        { id: 2 },
        { id: 3 },
      ])
      const [facts] = await fixture.rows(
        `select has_table_privilege('hand_granted', 'orders', 'select') as readable,
           (select count(*)::int from pg_class where relname like 'orders\\_\\_%') as leftovers,
           (select relname from pg_class where oid =
             (select indexrelid from pg_index where indrelid = 'orders'::regclass)) as index`,
      )
      expect(facts).toEqual({ readable: true, leftovers: 0, index: 'orders_pkey' })
    } finally {
      await fixture.rows('drop table orders; drop role hand_granted')
    }
  })

  it('changes the columns with the model', async () => {
    await fixture.build(orders('select 1 as id'))
    await fixture.publish([request('orders')])
    await fixture.build(orders(`select 'one' as label, 2 as id`))
    await fixture.publish([request('orders')])
    expect(await fixture.rows('select * from orders')).toEqual([{ label: 'one', id: 2 }])
  })

  it('publishes an empty table', async () => {
    await fixture.build(orders('select 1 as id limit 0'))
    expect(await fixture.publish([request('orders')])).toMatchObject([{ rows: 0n }])
    expect(await fixture.rows('select * from orders')).toEqual([])
  })

  it('exchanges the rows of a table that views depend on, and the view goes on working', async () => {
    await fixture.build(orders('select 1 as id'))
    await fixture.publish([request('orders')])
    await fixture.rows('create view order_ids as select id from orders')
    await fixture.build(orders('select 2 as id'))
    await fixture.publish([request('orders')])
    expect(await fixture.rows('select id from order_ids')).toEqual([{ id: 2 }])
  })

  it('names the views when the columns change under them, and changes nothing', async () => {
    await fixture.build(orders('select 1 as id'))
    await fixture.publish([request('orders')])
    await fixture.rows('create view order_ids as select id from orders')
    await fixture.build(orders('select 2 as id, 3 as more'))
    await expect(fixture.publish([request('orders')])).rejects.toMatchObject({
      code: 'publish/has-dependents',
      message: expect.stringContaining('view order_ids'),
    })
    expect(await fixture.rows('select * from orders')).toEqual([{ id: 1 }])
    expect(await fixture.rows(`select to_regclass('orders__new') as left`)).toEqual([
      { left: null },
    ])
  })

  it('refuses to drop a table that foreign keys refer to', async () => {
    await fixture.build(orders('select 1 as id'))
    await fixture.publish([request('orders', { uniqueKey: ['id'] })])
    await fixture.rows('create table lines (order_id int references orders on delete cascade)')
    await fixture.rows('insert into lines values (1)')
    await fixture.build(orders('select 2 as id'))
    await expect(fixture.publish([request('orders', { uniqueKey: ['id'] })])).rejects.toMatchObject(
      { code: 'publish/has-dependents' },
    )
    expect(await fixture.rows('select * from lines')).toEqual([{ order_id: 1 }])
  })

  it('refuses to replace a table it did not make', async () => {
    await fixture.rows('create table orders (precious text)')
    await fixture.build(orders('select 1 as id'))
    await expect(fixture.publish([request('orders')])).rejects.toMatchObject({
      code: 'publish/not-ours',
      exitCode: 2,
    })
    expect(await fixture.rows('select * from orders')).toEqual([])
  })

  it('names a key that is not unique or NULL', async () => {
    const keyed = request('orders', { uniqueKey: ['id'] })
    await fixture.build(orders('select unnest([1, 7, 7]) as id'))
    await expect(fixture.publish([keyed])).rejects.toMatchObject({
      code: 'publish/duplicate-key',
      message: 'orders has 2 rows with the key id=7.',
    })
    await fixture.build(orders('select unnest([1, null]) as id'))
    await expect(fixture.publish([keyed])).rejects.toMatchObject({ code: 'publish/null-key' })
  })
})

describe('merge', () => {
  const merged = request('orders', { strategy: 'merge', uniqueKey: ['id'] })

  it('keeps the table, its constraints and the rows that only it has, and touches only what differs', async () => {
    await fixture.rows(ordersTable)
    await fixture.rows(
      `insert into orders values (1, 'same', 5), (2, 'old', 6), (99, 'by hand', 7)`,
    )
    await fixture.build(
      orders(`from (values (1, 'same', 5), (2, 'new', 6), (3, 'more', 8)) t(id, name, price)`),
    )
    const [before] = await fixture.rows('select xmin::text from orders where id = 1')
    const [result] = await fixture.publish([merged])
    expect(result).toMatchObject({ outcome: 'merged', rows: 3n, written: 2n })
    expect(await fixture.rows('select id, name from orders order by id')).toEqual([
      { id: 1, name: 'same' },
      { id: 2, name: 'new' },
      { id: 3, name: 'more' },
      { id: 99, name: 'by hand' },
    ])
    expect((await fixture.rows('select xmin::text from orders where id = 1'))[0]).toEqual(before)
    await expect(fixture.rows(`insert into orders values (3, 'x', 1)`)).rejects.toThrow(
      'orders_pkey',
    )
  })

  it('works without a unique index on the key', async () => {
    await fixture.rows('create table orders (id int, name text)')
    await fixture.rows(`insert into orders values (1, 'old')`)
    await fixture.build(orders(`from (values (1, 'new'), (2, 'more')) t(id, name)`))
    await fixture.publish([merged])
    await fixture.build(`insert into lake.marts.orders values (3, 'later')`)
    expect(await fixture.publish([merged])).toMatchObject([{ rows: 1n, written: 1n }])
    expect(await fixture.rows('select * from orders order by id')).toEqual([
      { id: 1, name: 'new' },
      { id: 2, name: 'more' },
      { id: 3, name: 'later' },
    ])
  })

  it('carries over only what is new or was changed, also when the table was replaced', async () => {
    await fixture.build(
      orders(`select range::integer as id, 'a' as name, 'nan'::double as d from range(100)`),
    )
    await fixture.publish([merged])
    await fixture.build(`insert into lake.marts.orders values (100, 'b', 1), (101, 'b', null)`)
    expect(await fixture.publish([merged])).toMatchObject([{ outcome: 'merged', rows: 2n }])
    await fixture.build(`update lake.marts.orders set name = 'c' where id in (5, 101)`)
    expect(await fixture.publish([merged])).toMatchObject([{ rows: 2n, written: 2n }])
    await fixture.build(
      `delete from lake.marts.orders where id = 6`,
      `delete from lake.marts.orders where id = 7`,
      `insert into lake.marts.orders values (7, 'd', null)`,
    )
    expect(await fixture.publish([merged])).toMatchObject([{ rows: 1n, written: 1n }])
    await fixture.build(
      `create or replace table lake.marts.orders as select id, if(id = 8, 'e', name) as name, d from lake.marts.orders`,
    )
    expect(await fixture.publish([merged])).toMatchObject([{ rows: 1n, written: 1n }])
    await fixture.build(
      `create or replace table lake.marts.orders as select id, if(id = 9, 'f', name) as name, d from lake.marts.orders`,
    )
    await forgetEverything(fixture.lake)
    expect(await fixture.publish([merged])).toMatchObject([{ rows: 101n, written: 1n }])
    expect(await fixture.rows(`select id, name from orders where name <> 'a' order by id`)).toEqual(
      [
        { id: 5, name: 'c' },
        { id: 7, name: 'd' },
        { id: 8, name: 'e' },
        { id: 9, name: 'f' },
        { id: 100, name: 'b' },
        { id: 101, name: 'c' },
      ],
    )
    expect(await fixture.rows('select count(*)::int as n from orders')).toEqual([{ n: 102 }])
  })

  it('names the column, the limit and the key of a value that is too long', async () => {
    await fixture.rows(ordersTable)
    await fixture.build(orders(`select 7 as id, 'elevenchars' as name`))
    await expect(fixture.publish([merged])).rejects.toMatchObject({
      code: 'publish/value-does-not-fit',
      message: 'orders.name does not fit character varying(10): elevenchars in the row id=7.',
      exitCode: 1,
    })
  })

  it('names a number that is too large for the column', async () => {
    await fixture.rows(ordersTable)
    await fixture.build(orders(`select 3000000000::bigint as id, 'a' as name`))
    await expect(fixture.publish([merged])).rejects.toMatchObject({
      code: 'publish/value-does-not-fit',
      message: 'orders.id does not fit integer not null: 3000000000 in the row id=3000000000.',
    })
  })

  it('names columns that the table lacks', async () => {
    await fixture.rows(ordersTable)
    await fixture.build(orders('select 1 as id, 2 as colour'))
    await expect(fixture.publish([merged])).rejects.toMatchObject({
      code: 'publish/unknown-column',
      message: expect.stringContaining('colour (not in the table)'),
    })
  })

  it('names the constraint that the rows break, and publishes none of the tables', async () => {
    await fixture.rows(`${ordersTable}; alter table orders add constraint dear check (price > 0)`)
    await fixture.build(
      orders(`select 1 as id, 'a' as name, -1 as price`),
      'create table lake.marts.totals as select 1 as n',
    )
    await expect(fixture.publish([request('totals'), merged])).rejects.toMatchObject({
      code: 'publish/constraint-violated',
      message: expect.stringContaining('dear of public.orders'),
    })
    const left = `select relname from pg_class where relname like 'totals%' or relname like '%\\_\\_new'`
    expect(await fixture.rows(left)).toEqual([])
    expect(await fixture.rows('select * from millrace.published')).toEqual([])
  })

  it('publishes parents before the rows that refer to them', async () => {
    await fixture.rows('create table parents (id int primary key)')
    await fixture.rows('create table children (id int primary key, parent int references parents)')
    await fixture.build(
      'create table lake.marts.parents as select range::integer as id from range(10)',
      'create table lake.marts.children as select range::integer as id, range % 10 as parent from range(50)',
    )
    const keyed = { strategy: 'merge', uniqueKey: ['id'] } as const
    await fixture.publish([request('children', keyed), request('parents', keyed)])
    expect(await fixture.rows('select count(*)::int as n from children')).toEqual([{ n: 50 }])
  })

  it('lets serial keys be drawn by hand without ever meeting a later row of the lake', async () => {
    await fixture.rows('create table orders (id serial primary key, name text)')
    await fixture.build(orders(`select range::integer + 1 as id, 'lake' as name from range(10)`))
    await fixture.publish([merged])
    await fixture.rows(`insert into orders (name) values ('hand')`)
    await fixture.build(`insert into lake.marts.orders select range + 11, 'lake' from range(10)`)
    await fixture.publish([merged])
    await fixture.rows(`insert into orders (name) values ('hand')`)
    const counted = 'select name, count(*)::int as n from orders group by name order by name'
    expect(await fixture.rows(counted)).toEqual([
      { name: 'hand', n: 2 },
      { name: 'lake', n: 20 },
    ])
  })
})

describe('append', () => {
  const appended = request('orders', { strategy: 'append' })

  it('adds what is new once, however often it is published', async () => {
    await fixture.build(orders('select unnest([1, 1, 2]) as id'))
    await fixture.publish([appended])
    await fixture.build('insert into lake.marts.orders values (1)')
    expect(await fixture.publish([appended])).toMatchObject([{ outcome: 'appended', rows: 1n }])
    expect(await fixture.publish([appended])).toMatchObject([{ outcome: 'unchanged', rows: 0n }])
    const counted = 'select id, count(*)::int as n from orders group by id order by id'
    expect(await fixture.rows(counted)).toEqual([
      { id: 1, n: 3 },
      { id: 2, n: 1 },
    ])
  })

  it('starts over when the table in the lake is another one', async () => {
    await fixture.build(orders('select unnest([1, 2]) as id'))
    await fixture.publish([appended])
    await fixture.build(orders('select 3 as id'))
    expect(await fixture.publish([appended])).toMatchObject([{ outcome: 'swapped' }])
    expect(await fixture.rows('select id from orders')).toEqual([{ id: 3 }])
  })

  it('starts over when rows were deleted in the lake', async () => {
    await fixture.build(orders('select range as id from range(5)'))
    await fixture.publish([appended])
    await fixture.build('delete from lake.marts.orders where id < 4')
    await fixture.publish([appended])
    expect(await fixture.rows('select id from orders')).toEqual([{ id: 4n }])
  })
})

describe('publishing again', () => {
  it('does nothing for the same snapshot, nor for a newer one in which the table is the same', async () => {
    await fixture.build(orders('select 1 as id'))
    await fixture.publish([request('orders')])
    const [first] = await fixture.rows<{ oid: number }>(`select 'orders'::regclass::oid as oid`)
    expect(await fixture.publish([request('orders')])).toMatchObject([{ outcome: 'unchanged' }])
    const snapshot = await fixture.build('create table lake.marts.other as select 1 as id')
    expect(await fixture.publish([request('orders')])).toMatchObject([{ outcome: 'unchanged' }])
    expect(await fixture.rows(`select 'orders'::regclass::oid as oid`)).toEqual([first])
    expect(await fixture.rows('select snapshot from millrace.published')).toEqual([
      { snapshot: BigInt(snapshot) },
    ])
  })

  it('stays with what is merged by compaction', async () => {
    const appended = request('orders', { strategy: 'append' })
    await fixture.build(orders('select 1 as id'))
    await fixture.publish([appended])
    for (const id of [2, 3, 4]) await fixture.build(`insert into lake.marts.orders values (${id})`)
    await fixture.lake.read((connection) =>
      connection.run(`call ducklake_merge_adjacent_files('lake')`),
    )
    expect(await fixture.publish([appended])).toMatchObject([{ outcome: 'appended', rows: 3n }])
    expect(await fixture.publish([appended])).toMatchObject([{ outcome: 'unchanged' }])
    expect(await fixture.rows('select id from orders order by id')).toHaveLength(4)
  })

  it('never goes back to an older snapshot', async () => {
    const older = await fixture.build(orders('select 1 as id'))
    const newer = await fixture.build(orders('select 2 as id'))
    await fixture.publish([request('orders')], { snapshot: newer })
    const [result] = await fixture.publish([request('orders')], { snapshot: older })
    expect(result).toMatchObject({ outcome: 'superseded' })
    expect(await fixture.rows('select id from orders')).toEqual([{ id: 2 }])
  })

  it('shows the rows of the snapshot that was asked for', async () => {
    const snapshot = await fixture.build(orders('select 1 as id'))
    await fixture.build('insert into lake.marts.orders values (2)')
    await fixture.publish([request('orders')], { snapshot })
    expect(await fixture.rows('select id from orders')).toEqual([{ id: 1 }])
  })

  it('makes the table again when somebody dropped it', async () => {
    await fixture.build(orders('select 1 as id'))
    await fixture.publish([request('orders')])
    await fixture.rows('drop table orders')
    expect(await fixture.publish([request('orders')])).toMatchObject([{ outcome: 'swapped' }])
  })

  it('publishes everything when the settings are others', async () => {
    await fixture.build(orders('select 1 as id'))
    await fixture.publish([request('orders')])
    const indexed = request('orders', { indexes: [['id']] })
    expect(await fixture.publish([indexed])).toMatchObject([{ outcome: 'swapped' }])
    expect(await fixture.publish([indexed])).toMatchObject([{ outcome: 'unchanged' }])
  })
})

describe('what cannot be published', () => {
  it('is said of a model that was not built', async () => {
    await expect(fixture.publish([request('nothing')])).rejects.toMatchObject({
      code: 'publish/not-built',
    })
  })

  it('is said of two models with one table', async () => {
    const requests = [request('orders'), request('sales', { table: 'orders' })]
    await expect(fixture.publish(requests)).rejects.toMatchObject({ code: 'publish/bad-settings' })
  })

  it('is said of a number that jsonb cannot hold', async () => {
    await fixture.build(orders(`select '{"n": 1e400000}'::json as details`))
    await expect(fixture.publish([request('orders')])).rejects.toMatchObject({
      code: 'publish/value-refused',
      message: expect.stringContaining('overflows numeric format'),
    })
  })

  it('is said of a role that does not exist', async () => {
    await fixture.build(orders('select 1 as id'))
    const granted = request('orders', { grants: { select: ['nobody_at_all'] } })
    await expect(fixture.publish([granted])).rejects.toMatchObject({ code: 'publish/denied' })
  })

  it('is said of a server that does not answer', async () => {
    const postgresUrl = 'postgres://nobody@127.0.0.1:9/none'
    await expect(fixture.publish([request('orders')], { postgresUrl })).rejects.toMatchObject({
      code: 'publish/postgres-unreachable',
      exitCode: 3,
    })
  })

  it('is said when another publish goes on for too long', async () => {
    await fixture.publish([request('orders')]).catch(() => {})
    const other = await fixture.pool.connect()
    try {
      await other.query(`select pg_advisory_lock(hashtext('millrace.publish'), hashtext('public'))`)
      const publishing = fixture.publish([request('orders')], { waits: { busyMs: 150 } })
      await expect(publishing).rejects.toMatchObject({ code: 'publish/busy', retryable: true })
    } finally {
      other.release(true)
    }
  })

  it('is left out when the publish is cancelled while PostgreSQL works for it', async () => {
    await fixture.rows(ordersTable)
    await fixture.rows(
      'create function wait() returns trigger language plpgsql as $$ begin perform pg_sleep(300); return new; end $$',
    )
    await fixture.rows(
      'create trigger waits before insert on orders for each row execute function wait()',
    )
    await fixture.build(orders(`select 1 as id, 'a' as name, 1.5 as price`))
    const stop = new AbortController()
    const publishing = fixture.publish(
      [request('orders', { strategy: 'merge', uniqueKey: ['id'] })],
      {
        signal: stop.signal,
      },
    )
    const ended = expect(publishing).rejects.toThrow('stopped')
    const isWaiting = `select 1 from pg_stat_activity where wait_event = 'PgSleep' and query ~ 'orders'`
    await vi.waitUntil(async () => (await fixture.rows(isWaiting)).length > 0, { timeout: 60_000 })
    stop.abort(new Error('stopped'))
    await ended
    expect(await fixture.rows(isWaiting)).toEqual([])
    expect(await fixture.rows('select * from orders')).toEqual([])
  })

  it('is left out when the publish is cancelled', async () => {
    await fixture.build(orders('select range as id from range(1000000)'))
    const stop = new AbortController()
    const publishing = fixture.publish([request('orders')], {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('stopped')),
    })
    await expect(publishing).rejects.toThrow()
    expect(await fixture.rows(`select relname from pg_class where relname like 'orders%'`)).toEqual(
      [],
    )
  })
})
