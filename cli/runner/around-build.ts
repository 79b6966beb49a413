/** What `millrace build` does around the models: landed files are registered before, PostgreSQL is updated after. */
import type { Lake } from '../../core/clients/lake.ts'
import type { TopicReport } from '../../ingest/registrar/register.ts'
import type { Graph, ModelNode } from '../../transform/index.ts'
import type { PublishResult } from '../../transform/publish/publish.ts'
import { openStore } from '../context.ts'
import { formatCount, openProgress } from '../progress.ts'
import type { RunHooks, RunSurroundings } from './execute-run.ts'
import { assertPublishable, publishBuilt, wantsPublishing } from './publish-built.ts'

export const registerThenPublish = {
  async beforeRun(surroundings) {
    await assertPublishable(surroundings.graph)
    await registerLanded(surroundings)
  },
  async afterCommit({ snapshot }, surroundings) {
    const { config, lake, graph, format, signal } = surroundings
    const wanted = await publishableModels(lake, graph, snapshot)
    if (wanted.length === 0) return
    if (config.settings.postgres.url === undefined) {
      const names = wanted.map(({ name }) => name).join(', ')
      process.stderr.write(`warning: not published, because postgres.url is not set: ${names}\n`)
      return
    }
    const progress = openProgress(process.stderr)
    try {
      const results = await publishBuilt(config, lake, graph, wanted, {
        snapshot,
        signal,
        onProgress: ({ model, step, rows }) =>
          progress.update(`publishing ${model}: ${step}, ${formatCount(rows)} rows`),
      })
      progress.clear()
      for (const result of results) print(format, published(result))
    } finally {
      progress.clear()
    }
  },
} satisfies RunHooks

/**
 * Every model that says `publish` and is in the lake, not only what this build made: a selected model may refer
 * to a row that only an unselected one brings. What is in PostgreSQL already costs nothing.
 */
async function publishableModels(
  lake: Lake,
  graph: Graph,
  snapshot: number | undefined,
): Promise<ModelNode[]> {
  const models = [...graph.nodes.values()]
    .filter((node) => node.kind === 'model')
    .filter((node) => wantsPublishing(node))
  if (models.length === 0) return []
  const tables = await lake.tables(snapshot)
  const names = new Set(tables.map(({ schema, name }) => `${schema}.${name}`))
  return models.filter(({ relation }) => names.has(`${relation.schema}.${relation.name}`))
}

/** Takes what has landed since into the lake; a project without an object store has nothing landed. */
async function registerLanded({ config, lake, format, signal }: RunSurroundings): Promise<void> {
  if (lake.options.s3 === undefined) return
  const { userActivitySchema } = await import('../../core/contracts/user-activity.ts')
  const { registerAll } = await import('../../ingest/registrar/register.ts')
  const store = await openStore(config)
  try {
    const maxRecords = config.settings.registrar.max_records
    const deps = { lake, store, schemaOf: () => userActivitySchema }
    const { topics, elapsedMs } = await registerAll(deps, { maxRecords, signal })
    for (const topic of topics) print(format, registered(topic, elapsedMs))
  } finally {
    store.close()
  }
}

/** One thing that was done: as an event for `--format json`, and as a line to read. */
type Line = { readonly event: Record<string, unknown>; readonly text: string }

function registered(
  { topic, entries, records, deadLetters, gaps }: TopicReport,
  elapsedMs: number,
): Line {
  const seconds = (elapsedMs / 1_000).toFixed(2)
  return {
    event: {
      event: 'topic.registered',
      topic,
      entries,
      records,
      dead_letters: deadLetters,
      gaps,
      elapsed_ms: Math.round(elapsedMs),
    },
    text: `Registered ${topic}: ${formatCount(records)} rows, ${formatCount(deadLetters)} dead letters [in ${seconds}s]`,
  }
}

function published({ model, table, outcome, rows, written, elapsedMs }: PublishResult): Line {
  const seconds = (elapsedMs / 1_000).toFixed(2)
  return {
    event: {
      event: 'model.published',
      model,
      table,
      outcome,
      rows,
      written: written ?? null,
      elapsed_ms: Math.round(elapsedMs),
    },
    text: `Published ${table}: ${outcome}${outcome === 'unchanged' ? '' : `, ${formatCount(rows)} rows`} [in ${seconds}s]`,
  }
}

function print(format: string, { event, text }: Line): void {
  const json = () =>
    JSON.stringify(event, (_, value) => (typeof value === 'bigint' ? Number(value) : value))
  if (format !== 'quiet') process.stdout.write(`${format === 'json' ? json() : text}\n`)
}
