/** The tables that the endpoints read, as publishing leaves them, with much in them. */
import { runSql } from '../../tests/support/api.ts'
import { servedSql } from '../../tests/support/served-table.ts'
import { migrate } from '../../transform/publish/migrate.ts'

export type Size = { readonly users: number; readonly events: number }

/** Events of a year up to now, in the order of their time as they would have come; each user has about as many. */
const eventsSql = ({ users, events }: Size) => `
  insert into user_activity (id, user_id, action, event_timestamp, details)
  select
    i,
    1 + floor(random() * ${users})::int,
    action,
    now() at time zone 'utc' - (${events} - i) * interval '365 days' / ${events},
    jsonb_build_object('event_id', md5(i::text)::uuid, 'session_id', md5((i / 20)::text)::uuid)
      || case when action in ('login', 'search', 'logout') then '{}'
         else jsonb_build_object('product_id', 1 + i % 500) end
      || case when action = 'purchase'
         then jsonb_build_object('quantity', 1 + i % 3, 'price_cents', 199 + i % 9800) else '{}' end
  from (
    select i, (array['login', 'search', 'view_product', 'view_product', 'view_product', 'add_to_cart',
      'checkout', 'purchase', 'logout', 'view_product'])[1 + i % 10] as action
    from generate_series(1, ${events}) i
  ) as numbered`

export async function makeTables(url: string, size: Size): Promise<void> {
  await migrate(url, { schema: 'public', withTables: true })
  const { users, events } = size
  await runSql(
    url,
    `set timezone = 'UTC'; select setseed(0.5);
     insert into users (user_id, name, email, signup_date)
       select i, 'User ' || i, 'user' || i || '@example.com', now() at time zone 'utc' - interval '400 days'
       from generate_series(1, ${users}) i;
     ${eventsSql(size)};
     ${servedSql({ schema: 'public', table: 'users', strategy: 'merge', pii: ['name', 'email'], rows: users })}
     ${servedSql({ schema: 'public', table: 'user_activity', strategy: 'merge', rows: events })}`,
  )
  // Statistics and visibility as autovacuum leaves them; not in one transaction with the rest.
  await runSql(url, 'vacuum analyze')
}

/** Reads the tables and their indexes into the buffers. */
export const warmUpSql = `
  create extension if not exists pg_prewarm;
  select pg_prewarm(oid) from pg_class
  where relnamespace = 'public'::regnamespace and relkind in ('r', 'i')`
