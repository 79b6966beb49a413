/**
 * What the logic of nodes is, kept from one call to the next as long as the graph is of the same parse: to read it takes
 * longer than all else that `--changed` does when nothing has changed.
 */
import { dirname, join } from 'node:path'
import type { LogicFacts } from '../changed/logic.ts'
import { readCacheFile, writeCacheFile } from './cache-file.ts'
import type { KeptGraph } from './open-graph.ts'

type Stored = { readonly stamp: string; readonly facts: Map<string, LogicFacts> }

type KeptLogic = {
  /** By id of the node; what is read besides belongs here too. */
  readonly facts: Map<string, LogicFacts>
  /** Keeps them, when there are new ones. */
  readonly save: () => void
}

/** @param kept the parse that the graph is of, as far as it is stored */
export function keptLogic(kept: KeptGraph | undefined): KeptLogic {
  if (kept === undefined) return { facts: new Map(), save: () => {} }
  const { stamp, replaced } = kept
  const place = { ...kept.place, path: join(dirname(kept.place.path), 'partial_logic.millrace') }
  // The checksum vouches for the shape: we wrote it, this release.
  const stored = readCacheFile(place.path, place.writer)?.part('logic') as Stored | undefined
  const facts = stored?.stamp === stamp ? stored.facts : new Map<string, LogicFacts>()
  const before = facts.size
  for (const id of replaced.keys()) facts.delete(id)
  const save = () => {
    // With edited models in it, it would not be that of the parse.
    if (replaced.size > 0 || facts.size === before) return
    writeCacheFile(place, { logic: { stamp, facts } satisfies Stored })
  }
  return { facts, save }
}
