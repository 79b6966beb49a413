/** What a catalog is: a run may write to a lake and to plain databases, and each is asked once. */
import { quoteLiteral } from '../../core/sql.ts'
import type { Relation } from '../compile/graph.ts'
import type { Session } from './adapter.ts'
import type { RunState } from './run-state.ts'

export type EngineFacts = {
  readonly isDucklake: boolean
  /** Where a lake keeps its files, with a slash at the end. */
  readonly dataPath: string | undefined
}

const known = new WeakMap<object, Map<string, Promise<EngineFacts>>>()

export function engineOf(
  session: Session,
  state: RunState,
  { catalog }: Relation,
): Promise<EngineFacts> {
  // All transactions of a run share this one.
  const run = state.lookups
  const facts = known.get(run) ?? new Map<string, Promise<EngineFacts>>()
  known.set(run, facts)
  const asked = facts.get(catalog) ?? askEngine(session, catalog)
  facts.set(catalog, asked)
  asked.catch(() => facts.delete(catalog))
  return asked
}

/** Asks the database each time. */
export async function askEngine(session: Session, catalog: string): Promise<EngineFacts> {
  const [row] = await session.query(
    `select type from duckdb_databases() where lower(database_name) = lower(${quoteLiteral(catalog)})`,
  )
  if (row?.['type'] !== 'ducklake') return { isDucklake: false, dataPath: undefined }
  const [settings] = await session.query(
    `select data_path from ducklake_settings(${quoteLiteral(catalog)})`,
  )
  return { isDucklake: true, dataPath: String(settings?.['data_path']) }
}
