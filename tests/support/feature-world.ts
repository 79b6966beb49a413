/** Random histories of a few users, with every kind of lateness, and lakes on which the features of them are built. */
import fc from 'fast-check'
import { queryRows, type Row } from '../../core/clients/duckdb.ts'
import type { Lake } from '../../core/clients/lake.ts'
import type { Compiled } from '../../transform/index.ts'
import { makeFolder, openFolderLake } from './project.ts'
import { buildRepository, createSources, landEvents, type RawEvent } from './repository-models.ts'

export const dayMs = 86_400_000
export const worldStart = Date.UTC(2026, 0, 5)
export const worldDays = 40
/** A day around which more happens than around others. */
export const busyDay = 20

/** An event, and when it landed; both in milliseconds since 1970. */
export type WorldEvent = Pick<
  RawEvent,
  'user_id' | 'action' | 'session_id' | 'product_id' | 'details'
> & { readonly happened: number; readonly landed: number }

export type FeatureLake = AsyncDisposable & {
  readonly lake: Lake
  readonly land: (events: readonly WorldEvent[]) => Promise<void>
  /** Builds the labels and what they need, or what is selected; no tests. */
  readonly build: (
    compiled: Compiled,
    options?: { readonly fullRefresh?: boolean; readonly select?: readonly string[] },
  ) => Promise<void>
  readonly rows: (sql: string) => Promise<Row[]>
}

export async function openFeatureLake(): Promise<FeatureLake> {
  const folder = await makeFolder()
  const lake = await openFolderLake(folder.path)
  await createSources(lake)
  return {
    lake,
    land: (events) => landEvents(lake, events.toSorted(byLanding).map(toRaw)),
    build: async (compiled, { fullRefresh = false, select = ['+user_purchase_labels'] } = {}) => {
      const { outcome, results } = await buildRepository(lake, compiled, fullRefresh, select)
      const failed = results.filter(({ status }) => status !== 'success')
      if (outcome !== 'committed') throw new Error(failed.map(({ message }) => message).join('\n'))
    },
    rows: (sql) => lake.read((connection) => queryRows(connection, sql)),
    [Symbol.asyncDispose]: async () => {
      lake.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

function byLanding(one: WorldEvent, other: WorldEvent): number {
  return one.landed - other.landed
}

function toRaw({ happened, landed, ...event }: WorldEvent): RawEvent {
  const iso = (ms: number) => new Date(ms).toISOString()
  return { ...event, at: iso(happened), kafka: iso(landed), landed: iso(landed) }
}

/** Events of the first `worldDays` days, most of them landed at once, some much later, a few dated in the future. */
export const anyEvent: fc.Arbitrary<WorldEvent> = fc
  .record({
    user: fc.integer({ min: 1, max: 5 }),
    minute: fc.oneof(
      fc.integer({ min: 0, max: worldDays * 1_440 - 1 }),
      fc.integer({ min: (busyDay - 1) * 1_440, max: (busyDay + 1) * 1_440 }),
    ),
    // Weighted towards what is usual.
    delayMinutes: fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 0, max: 2 }) },
      { weight: 3, arbitrary: fc.integer({ min: 0, max: 15 * 1_440 }) },
      { weight: 2, arbitrary: fc.integer({ min: -3 * 1_440, max: 0 }) },
    ),
    action: fc.constantFrom('login', 'view_product', 'add_to_cart', 'remove_from_cart', 'purchase'),
    session: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
    product: fc.integer({ min: 1, max: 210 }),
  })
  .map(({ user, minute, delayMinutes, action, session, product }) => {
    const happened = worldStart + minute * 60_000
    const landed = Math.max(worldStart, happened + delayMinutes * 60_000)
    // A visit's name comes back on other days, so visits go on across instants.
    const visit = session === undefined ? {} : { session_id: `s${session}-${minute % 7}` }
    const details = { price_cents: product * 100, quantity: 1 }
    return { user_id: user, action, product_id: product, details, happened, landed, ...visit }
  })

/** That the stream goes on at a moment; of a user of their own. */
export function heartbeat(at: number): WorldEvent {
  return { user_id: 99, action: 'login', happened: at, landed: at }
}
