/** What a reader of the lake sees in one statement, and so in one snapshot; and whether that is of one build. */
import type { Lake } from '../../../core/clients/lake.ts'
import type { PublishMode } from '../../../transform/index.ts'
import { queryLake } from '../project.ts'
import { people } from './project.ts'

const main = 'lake.main'

/** Relations that hold what belongs together: what a build publishes, or what a node does. */
const ofBuild: Readonly<Record<string, string>> = {
  'the seed is of the build': `(select list(generation) from ${main}.marker) = [s.generation]`,
  'the view is of the build': `(select list(generation) from ${main}.shown) = [s.generation]`,
  'the table is of the build': `(select list(distinct generation) from ${main}.people) = [s.generation]`,
  'the log ends with the build': `(select max_by(generation, rowid) from ${main}.log) = s.generation`,
  'the log tells each build once': `(select count(*) = count(distinct generation) from ${main}.log)`,
  'the hook ran once a build': `(select list(generation order by generation) from ${main}.hooked)
    = (select list(generation order by generation) from ${main}.log)`,
  'appended rows are of the build': `(select [count(*), coalesce(sum(amount), 0)] from ${main}.copied)
    = [s.events, s.amount]`,
  'sums by key are of the build': `(select coalesce(sum(amount), 0) from ${main}.totals) = s.amount`,
  'merged rows are of the build': `(select list(key order by key) from ${main}.latest)
    is not distinct from (select list(key order by key) from ${main}.totals)`,
  'days are of the build': `(select [coalesce(sum(events), 0), coalesce(sum(amount), 0)] from ${main}.days)
    = [s.events, s.amount]`,
  'the snapshot is of the build': `(select list([id, state] order by id) from ${main}.people_history
      where dbt_valid_to is null)
    is not distinct from (select list([id, state] order by id) from ${main}.people)`,
}

const ofNode: Readonly<Record<string, string>> = {
  'the seed is whole': `(select count(*) = 1 from ${main}.marker)`,
  'the table is of one build': `(select count(distinct generation) = 1 and count(*) = (
      select count(*) from range(${people}) where (range + any_value(generation)) % 7 <> 0
    ) from ${main}.people)`,
  'the log tells each build once': `(select count(*) = count(distinct generation) from ${main}.log)`,
  'the hook ran with its node': `(select max(generation) from ${main}.hooked) = s.generation`,
  'no row was appended twice': `(select count(*) = count(distinct id) from ${main}.copied)`,
  'no batch was appended in part': `not exists (
    from (select batch, count(*) as n from ${main}.copied group by batch) as there
    join (select batch, count(*) as n from lake.raw.events group by batch) as landed using (batch)
    where there.n < landed.n)`,
  'a key has one sum': `(select count(*) = count(distinct key) from ${main}.totals)`,
  'a key has one merged row': `(select count(*) = count(distinct key) from ${main}.latest)`,
  'a day has one row': `(select count(*) = count(distinct happened_on) from ${main}.days)`,
  'a person has one open version': `(select count(*) = count(distinct id) from ${main}.people_history
    where dbt_valid_to is null)`,
}

/** @returns what does not hold; empty when a reader sees only what was published as a whole */
export async function lookAt(lake: Lake, publish: PublishMode): Promise<string[]> {
  const conditions = Object.entries(publish === 'atomic' ? ofBuild : ofNode)
  const list = conditions.map(([name, condition]) => `${condition} as "${name}"`)
  const rows = await queryLake(lake, `select ${list.join(',\n')} from ${main}.summary as s`)
  const [row] = rows
  if (row === undefined || rows.length > 1) return [`summary has ${rows.length} rows`]
  return conditions.flatMap(([name]) => (row[name] === true ? [] : [`not so: ${name}`]))
}
