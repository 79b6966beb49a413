/** Random histories of a source, snapshotted round by round, against a model of what a snapshot is. */
import { describe, expect, it } from 'vitest'
import type { HardDeletes } from '../../../../transform/materialize/snapshot-settings.ts'
import { makeFolder, runFolder, statuses, writeProject } from '../../../support/project.ts'
import { databases, openEngine } from './engines.ts'

type Strategy = 'timestamp' | 'check'

/** A row of the source; `day` is the day of its last change. */
type User = { readonly name: string; readonly day: number }

type Version = {
  readonly id: number
  readonly name: string
  readonly since: string
  until: string | null
  readonly isDeleted: boolean
}

class Model {
  readonly versions: Version[] = []
  readonly #open = new Map<number, Version>()
  readonly #strategy: Strategy
  readonly #hardDeletes: HardDeletes

  constructor(strategy: Strategy, hardDeletes: HardDeletes) {
    this.#strategy = strategy
    this.#hardDeletes = hardDeletes
  }

  take(users: ReadonlyMap<number, User>, now: string): void {
    for (const [id, user] of users) {
      const at = this.#strategy === 'timestamp' ? dayText(user.day) : now
      const open = this.#open.get(id)
      if (open !== undefined && !this.#isChanged(open, user)) continue
      if (open !== undefined) open.until = at
      this.#begin({ id, name: user.name, since: at, until: null, isDeleted: false })
    }
    if (this.#hardDeletes === 'ignore') return
    for (const [id, open] of this.#open) {
      if (users.has(id) || open.isDeleted) continue
      open.until = now
      this.#open.delete(id)
      if (this.#hardDeletes === 'new_record') {
        this.#begin({ ...open, since: now, until: null, isDeleted: true })
      }
    }
  }

  #begin(version: Version): void {
    this.versions.push(version)
    this.#open.set(version.id, version)
  }

  #isChanged({ name, since, isDeleted }: Version, user: User): boolean {
    if (isDeleted) return true
    return this.#strategy === 'check' ? name !== user.name : since < dayText(user.day)
  }
}

/** Days and rounds sort as text: every day of the source is before every round. */
const dayText = (day: number) => `day ${String(day).padStart(3, '0')}`
const roundText = (round: number) => `round ${String(round).padStart(3, '0')}`

/** The same numbers for the same seed. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Some rows come, change, go or come back; a change may leave the day as it was. */
function changeUsers(users: Map<number, User>, day: number, random: (below: number) => number) {
  for (let change = 0; change < 6; change++) {
    const id = random(8)
    const known = users.get(id)
    if (known !== undefined && random(3) === 0) users.delete(id)
    else {
      const isDated = known === undefined || random(4) > 0
      users.set(id, { name: `n${random(4)}`, day: isDated ? day : known.day })
    }
  }
}

const histories = (['timestamp', 'check'] as const).flatMap((strategy) =>
  (['ignore', 'invalidate', 'new_record'] as const).map((deletes) => [strategy, deletes] as const),
)

describe.each(databases)('in %s a snapshot', (database) => {
  const [rounds, seeds] = database === 'memory' ? [8, [1, 2, 3]] : [4, [4]]

  it.each(histories)(
    'by %s, deletes: %s, has the versions of the model',
    async (strategy, deletes) => {
      for (const seed of seeds) {
        const { taken, modelled } = await takeHistory({ database, strategy, deletes, seed, rounds })
        expect(taken, `seed ${seed}`).toEqual(modelled)
      }
    },
  )
})

type History = {
  readonly database: (typeof databases)[number]
  readonly strategy: Strategy
  readonly deletes: HardDeletes
  readonly seed: number
  readonly rounds: number
}

async function takeHistory({ database, strategy, deletes, seed, rounds }: History) {
  await using folder = await makeFolder()
  await using engine = await openEngine(database, folder.path)
  const way = strategy === 'timestamp' ? { updated_at: 'changed' } : { check_cols: ['name'] }
  await writeProject(folder.path, {
    'models/sources.yml': 'sources: [{name: raw, tables: [{name: users}]}]',
    'snapshots/users.yml': JSON.stringify({
      snapshots: [
        {
          name: 'history',
          relation: "source('raw', 'users')",
          config: { strategy, unique_key: 'id', hard_deletes: deletes, ...way },
        },
      ],
    }),
  })
  await engine.sql('create schema raw')
  const random = randomNumbers(seed)
  const model = new Model(strategy, deletes)
  const users = new Map<number, User>()
  const clock: string[] = []
  for (let round = 1; round <= rounds; round++) {
    changeUsers(users, round, random)
    await engine.sql('create or replace table raw.users (id int, name varchar, changed timestamp)')
    const rows = [...users].map(
      ([id, { name, day }]) => `(${id}, '${name}', timestamp '2024-01-01' + to_days(${day}))`,
    )
    if (rows.length > 0) await engine.sql(`insert into raw.users values ${rows.join(', ')}`)
    model.take(users, roundText(round))
    const run = await runFolder(folder.path, engine.adapter, { database, command: 'snapshot' })
    expect(statuses(run)).toEqual({ history: 'success' })
    await noteTimes(engine.sql, clock, round)
  }
  return { taken: await readVersions(engine.sql, clock, deletes), modelled: sorted(model.versions) }
}

type Sql = Awaited<ReturnType<typeof openEngine>>['sql']

/** Which time of the clock belongs to which round: the one that is new in the table after it. */
async function noteTimes(sql: Sql, clock: string[], round: number): Promise<void> {
  const times = await sql(
    `select distinct noted::varchar as noted from (
       select unnest([dbt_valid_from, dbt_valid_to]) as noted from main.history
     ) where noted >= '2025-01-01' order by 1`,
  )
  const fresh = times.map(({ noted }) => String(noted)).filter((time) => !clock.includes(time))
  expect(fresh.length).toBeLessThanOrEqual(1)
  clock[round] = fresh[0] ?? ''
}

async function readVersions(sql: Sql, clock: string[], deletes: HardDeletes): Promise<Version[]> {
  const deleted = deletes === 'new_record' ? "dbt_is_deleted = 'True'" : 'false'
  const text = (column: string) =>
    `case when ${column} < '2025-01-01' then 'day ' || date_diff('day', date '2024-01-01', ${column}::date)
     else ${column}::varchar end`
  const rows = await sql(
    `select id, name, ${text('dbt_valid_from')} as since, ${text('dbt_valid_to')} as until, ${deleted} as "isDeleted" from main.history`,
  )
  const label = (time: unknown) => {
    const day = /^day (\d+)$/.exec(String(time))?.[1]
    return day === undefined ? roundText(clock.indexOf(String(time))) : dayText(Number(day))
  }
  return sorted(
    rows.map(({ id, name, since, until, isDeleted }) => ({
      id: Number(id),
      name: String(name),
      since: label(since),
      until: until === null ? null : label(until),
      isDeleted: isDeleted === true,
    })),
  )
}

function sorted(versions: readonly Version[]): Version[] {
  const key = ({ id, since, until }: Version) => `${id} ${since} ${until ?? 'z'}`
  return [...versions].sort((one, other) => (key(one) < key(other) ? -1 : 1))
}
