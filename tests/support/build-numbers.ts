/**
 * Five tables, published in every way, whose rows all carry the number of the build that made them; a reader who
 * joins any of them must find one number. The appended table has one more row a build.
 */
import type { PublishRequest } from '../../transform/publish/request.ts'
import { request } from './publish-fixture.ts'

const rowCount = 400

const numbered = (table: string, build: number) =>
  `create or replace table lake.marts.${table} as
   select range::integer as id, ${build} as build, repeat('x', 200) as filler from range(${rowCount})`

export const buildNumbers = {
  rowCount,
  /** Run once, in PostgreSQL. */
  tables:
    'create table hand_made (id int primary key, build int check (build > 0), filler varchar(200))',
  requests: [
    request('swapped', { uniqueKey: ['id'], indexes: [['build']] }),
    request('swapped_too'),
    request('hand_made', { strategy: 'merge', uniqueKey: ['id'] }),
    request('merged', { strategy: 'merge', uniqueKey: ['id'] }),
    request('appended', { strategy: 'append' }),
  ] satisfies readonly PublishRequest[],
  /** The lake's statements of a build; builds count from 1. */
  statements: (build: number): string[] => [
    ...['swapped', 'swapped_too', 'hand_made', 'merged'].map((table) => numbered(table, build)),
    build === 1
      ? 'create table lake.marts.appended as select 1 as build'
      : `insert into lake.marts.appended values (${build})`,
  ],
  /** One row: how many builds a reader sees at once, the lowest number of rows, and the build. */
  look: `
    with seen as (
      select 'swapped' as name, min(build) as low, max(build) as high, count(*) as n from swapped
      union all select 'swapped_too', min(build), max(build), count(*) from swapped_too
      union all select 'hand_made', min(build), max(build), count(*) from hand_made
      union all select 'merged', min(build), max(build), count(*) from merged
      union all select 'appended', max(build), count(*), ${rowCount} from appended
    )
    select min(low)::int as low, max(high)::int as high, min(n)::int as fewest, max(n)::int as most
    from seen`,
  /** The same by joining, in another order of tables. */
  join: `
    select min(least(m.build, h.build, t.build, s.build))::int as low,
      max(greatest(m.build, h.build, t.build, s.build))::int as high,
      count(*)::int as fewest, count(*)::int as most
    from merged m join hand_made h using (id) join swapped_too t using (id) join swapped s using (id)`,
} as const
