/** Tidies up after runs that were killed: files of what was not committed give way to those that were there before. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { isGone, withLockFile } from '../../core/lock-file.ts'
import { quoteIdent, quoteLiteral } from '../../core/sql.ts'
import type { ModelNode } from '../compile/graph.ts'
import type { Adapter, Session } from './adapter.ts'
import { askEngine } from './engine-of.ts'
import { isRemote, placeFiles } from './file-places.ts'
import { noteOf, oldOf, putBack, remove, type SwapNote } from './file-swaps.ts'
import type { Run } from './run-dependencies.ts'

const noteSchema = z.object({
  runId: z.string(),
  name: z.string(),
  location: z.string(),
  owner: z.string(),
  taking: z.string().optional(),
})

/**
 * Looks at the places of all models that are files, whether this run builds them or not. A lake knows what was committed;
 * of a plain database nobody can tell, so there the new files stay, as they do in dbt.
 */
export async function settleFiles(run: Pick<Run, 'graph' | 'adapter' | 'renderer'>): Promise<void> {
  const models = [...run.graph.nodes.values()].filter(
    (node): node is ModelNode => node.kind === 'model' && node.materialized === 'external',
  )
  if (models.length === 0) return
  const session = await run.adapter.connect()
  try {
    const locations = await locationsOf(models, session, run)
    for (const folder of new Set(locations.map(dirname))) {
      for (const staged of await leftIn(folder, new Set(locations))) {
        await withLockFile(`${noteOf(staged)}.lock`, () => settle(staged, session, run.adapter))
      }
    }
  } finally {
    session.close()
  }
}

/** Of this machine. What keeps a place from being known is told when the model is built. */
async function locationsOf(
  models: readonly ModelNode[],
  session: Session,
  { graph, renderer }: Pick<Run, 'graph' | 'renderer'>,
): Promise<string[]> {
  const { root } = graph
  const places = models.map(async (node) => {
    const dataPath = async () => (await askEngine(session, node.relation.catalog)).dataPath
    return await placeFiles(node, { session, renderer, root, dataPath }).catch(() => undefined)
  })
  const found = (await Promise.all(places)).flatMap((files) => files?.location ?? [])
  return found.filter((location) => !isRemote(location))
}

/** Staged places whose notes name a process that is gone. */
async function leftIn(folder: string, locations: ReadonlySet<string>): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  const notes = names.filter((name) => /^\..+\.[0-9a-f-]{36}\.note$/.test(name))
  const left: string[] = []
  for (const name of notes) {
    const staged = join(folder, basename(name, '.note'))
    const note = await readNote(staged)
    if (note !== undefined && locations.has(note.location) && isGone(note.owner)) left.push(staged)
  }
  return left
}

/** Undefined when somebody has settled it, or it is no note of ours. */
async function readNote(staged: string): Promise<SwapNote | undefined> {
  const text = await readFile(noteOf(staged), 'utf8').catch(() => '')
  try {
    return noteSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

async function settle(staged: string, session: Session, adapter: Adapter): Promise<void> {
  const note = await readNote(staged)
  if (note === undefined) return
  const { location, taking } = note
  const isNew = !existsSync(staged) && (await wasCommitted(note, session, adapter))
  if (isNew) await remove(oldOf(staged))
  else await putBack({ location, staged, taking })
  await remove(staged)
  await remove(noteOf(staged))
}

/** By the message of the commit: of the whole run, or of the node. */
async function wasCommitted(
  { runId, name }: SwapNote,
  session: Session,
  { kind, catalog }: Adapter,
): Promise<boolean> {
  if (kind !== 'ducklake') return true
  const ends = [` ${runId}`, ` ${runId}: ${name}`].map(
    (end) => `ends_with(commit_message, ${quoteLiteral(end)})`,
  )
  const rows = await session.query(
    `select 1 from ${quoteIdent(catalog)}.snapshots() where ${ends.join(' or ')} limit 1`,
  )
  return rows.length > 0
}
