/** How a run is published and on how many connections, from what the command line, the profile and the plan say. */
import { availableParallelism } from 'node:os'
import type { Plan, PublishMode } from '../../transform/index.ts'

/** libuv runs as many queries at once as `cli/thread-pool.ts` gives it threads; one is left for files. */
const mostConnections = 15

/**
 * Connections of a run whose nodes are published by themselves. DuckDB uses every core for one query already, so
 * beyond a few more connections than cores there is only more memory in use.
 */
export function connectionCount(threads: number): number {
  const useful = Math.max(4, availableParallelism())
  return Math.max(1, Math.min(threads, useful, mostConnections))
}

/** Databases that a plan writes to; DuckDB writes to one of them in a transaction. */
export function writtenCatalogs({ stages }: Pick<Plan, 'stages'>): string[] {
  const names = stages.flatMap(({ node }) =>
    'relation' in node && node.kind !== 'test' ? [node.relation.catalog] : [],
  )
  return [...new Set(names)].sort()
}

type ConcurrencyLine = {
  readonly publish: PublishMode
  readonly connections: number
  readonly target: string
  readonly asked: PublishMode | undefined
}

/** dbt's line of a run, with what becomes visible when. */
export function concurrencyLine({ publish, connections, target, asked }: ConcurrencyLine): string {
  const threads = `Concurrency: ${connections} ${connections === 1 ? 'thread' : 'threads'} (target='${target}')`
  if (publish === 'atomic') return threads
  const how = asked === undefined ? '; all or nothing: --publish atomic' : ''
  return `${threads}, each node is published by itself${how}`
}
