import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { migrate } from '../../../../transform/publish/migrate.ts'
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

const shapeOf = (table: string) =>
  fixture.rows(
    `select a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
       || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') as column
     from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attrelid = '${table}'::regclass and a.attnum > 0 order by a.attnum`,
  )
const constraintsOf = (table: string) =>
  fixture.rows(
    `select pg_get_constraintdef(oid) as rule from pg_constraint
     where conrelid = '${table}'::regclass and contype in ('p', 'f') order by contype`,
  )

describe('migrate', () => {
  it('makes the hand-made tables with just these columns, keys and references', async () => {
    expect(await migrate(fixture.url, { schema: 'public' })).toEqual([
      '0001-published',
      '0003-contract',
      '0002-user-activity',
    ])
    expect(await shapeOf('users')).toEqual([
      { column: `user_id integer default nextval('users_user_id_seq'::regclass)` },
      { column: 'name character varying(100)' },
      { column: 'email character varying(100)' },
      { column: 'signup_date timestamp without time zone' },
    ])
    expect(await shapeOf('user_activity')).toEqual([
      { column: `id integer default nextval('user_activity_id_seq'::regclass)` },
      { column: 'user_id integer' },
      { column: 'action character varying(50)' },
      { column: 'event_timestamp timestamp without time zone' },
      { column: 'details jsonb' },
    ])
    expect(await shapeOf('aggregated_metrics')).toEqual([
      { column: `metric_id integer default nextval('aggregated_metrics_metric_id_seq'::regclass)` },
      { column: 'metric_name character varying(50)' },
      { column: 'metric_value numeric' },
      { column: 'created_at timestamp without time zone' },
    ])
    expect(await constraintsOf('users')).toEqual([{ rule: 'PRIMARY KEY (user_id)' }])
    expect(await constraintsOf('aggregated_metrics')).toEqual([{ rule: 'PRIMARY KEY (metric_id)' }])
    expect(await constraintsOf('user_activity')).toEqual([
      { rule: 'FOREIGN KEY (user_id) REFERENCES users(user_id)' },
      { rule: 'PRIMARY KEY (id)' },
    ])
  })

  it('changes nothing the second time, and several at once do not collide', async () => {
    const schema = 'a "strange" schema'
    const ran = await Promise.all([1, 2, 3].map(() => migrate(fixture.url, { schema })))
    expect(ran.flat().toSorted()).toEqual(['0001-published', '0002-user-activity', '0003-contract'])
    expect(await migrate(fixture.url, { schema })).toEqual([])
  })

  it('takes over tables that are the same', async () => {
    await fixture.rows(
      `create table users (email varchar(100), user_id serial primary key, name varchar(100), signup_date timestamp)`,
    )
    await fixture.rows(`insert into users (name) values ('precious')`)
    await migrate(fixture.url, { schema: 'public' })
    expect(await fixture.rows('select name from users')).toEqual([{ name: 'precious' }])
  })

  it('refuses a table of somebody else, says what differs, and makes none of the others', async () => {
    await fixture.rows('create table user_activity (id bigint, user_id int, what text)')
    await expect(migrate(fixture.url, { schema: 'public' })).rejects.toMatchObject({
      code: 'publish/foreign-table',
      exitCode: 2,
      message: expect.stringContaining('id is bigint, not integer'),
    })
    expect(await fixture.rows(`select to_regclass('users') as users`)).toEqual([{ users: null }])
  })

  it('leaves a project alone that has no such tables', async () => {
    await fixture.build('create table lake.marts.orders as select 1 as id')
    await fixture.publish([request('orders')])
    expect(await fixture.rows(`select to_regclass('users') as users`)).toEqual([{ users: null }])
  })
})
