/** Hands what a build made, and says `publish` of, to PostgreSQL. */
import type { Lake } from '../../core/clients/lake.ts'
import type { Config } from '../../core/config.ts'
import { problem } from '../../core/problems.ts'
import type { BuiltRelation, Graph } from '../../transform/index.ts'
import type { PublishProgress, PublishResult } from '../../transform/publish/publish.ts'
import type { PublishRequest } from '../../transform/publish/request.ts'
import { postgresUrlOf } from '../context.ts'
import { personalColumnsOf } from '../serve/personal-columns.ts'

type Publishable = Pick<BuiltRelation, 'id' | 'name' | 'relation' | 'config'>

export type PublishBuiltOptions = {
  /** The lake's snapshot that becomes visible; default: the newest. */
  readonly snapshot?: number | undefined
  readonly onProgress?: (progress: PublishProgress) => void
  readonly signal: AbortSignal
}

/**
 * Publishes those of the relations that ask for it, all at one instant.
 * @throws `publish/*`; PostgreSQL is then as it was
 */
export async function publishBuilt(
  config: Config,
  lake: Lake,
  graph: Graph,
  built: readonly Publishable[],
  options: PublishBuiltOptions,
): Promise<PublishResult[]> {
  const { parsePublishSettings } = await import('../../transform/publish/request.ts')
  const personal = personalColumnsOf(graph)
  const requests: PublishRequest[] = built.flatMap(({ id, name, relation, config: settings }) => {
    const asked = publishSettingsOf(settings)
    if (asked === undefined) return []
    const node = graph.nodes.get(id)
    const columns = node !== undefined && 'columns' in node ? node.columns : []
    return {
      ...parsePublishSettings(name, asked),
      model: name,
      source: { schema: relation.schema, table: relation.name },
      description: node?.description,
      columnDescriptions: Object.fromEntries(columns.map((c) => [c.name, c.description ?? ''])),
      piiColumns: personal[`${relation.schema}.${relation.name}`.toLowerCase()],
    }
  })
  if (requests.length === 0) return []
  const { publishRelations } = await import('../../transform/publish/publish.ts')
  const { snapshot, ...rest } = options
  return await publishRelations(requests, {
    ...rest,
    ...(snapshot === undefined ? {} : { snapshot }),
    lake,
    postgresUrl: await postgresUrlOf(config),
    schema: config.settings.postgres.schema,
  })
}

/**
 * Checks what all models say of publishing, so that a mistake shows before anything is built.
 * @throws `publish/bad-settings`
 */
export async function assertPublishable(graph: Graph): Promise<void> {
  const { parsePublishSettings } = await import('../../transform/publish/request.ts')
  for (const node of graph.nodes.values()) {
    if (node.kind !== 'model' || !wantsPublishing(node)) continue
    parsePublishSettings(node.name, publishSettingsOf(node.config))
    if (!unpublished.has(node.materialized)) continue
    const reason = `it is materialized as ${node.materialized}, and only tables are published; materialize it as table`
    throw problem('publish/bad-settings', { model: node.name, reason }, { at: { file: node.file } })
  }
}

/** Materializations that leave no table in the lake. */
const unpublished: ReadonlySet<string> = new Set(['view', 'external', 'ephemeral'])

/** Whether a relation's model says `publish`. */
export function wantsPublishing({ config }: Publishable): boolean {
  return publishSettingsOf(config) !== undefined
}

/** `publish` of a model's config, or of its `meta`, which dbt leaves to us. */
export function publishSettingsOf(config: Publishable['config']): unknown {
  const { publish, meta } = config
  if (publish !== undefined) return publish
  return typeof meta === 'object' && meta !== null && 'publish' in meta ? meta.publish : undefined
}
