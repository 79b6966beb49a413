/**
 * The semantic layer, carried and not interpreted. What is deeper than the first level has the names and the shape of
 * dbt's manifest, with dbt's defaults filled in.
 */
import type { Config, Entry } from './project-properties.ts'

/** A filter of the manifest: `{where_filters: [{where_sql_template}]}`. */
export type WhereFilter = {
  readonly where_filters: readonly { readonly where_sql_template: string }[]
}

export type Metric = Entry & {
  readonly label: string
  readonly type: string
  /** The manifest's `type_params`. */
  readonly typeParams: Config
  readonly filter: WhereFilter | undefined
  readonly timeGranularity: string | undefined
  /** The semantic model that a metric of a model's own belongs to. */
  readonly semanticModel: string | undefined
}

export type SemanticModel = Entry & {
  /** `ref('x')`, as written. */
  readonly model: string
  readonly label: string | undefined
  /** `{agg_time_dimension}`. */
  readonly defaults: Config | undefined
  readonly primaryEntity: string | undefined
  readonly entities: readonly Config[]
  readonly measures: readonly Config[]
  readonly dimensions: readonly Config[]
}

export type SavedQuery = Entry & {
  readonly label: string | undefined
  /** The manifest's `query_params`: metrics, group_by, where, order_by, limit. */
  readonly queryParams: Config
  /** `{name, config, unrendered_config}`; names of relations are filled in by who compiles. */
  readonly exports: readonly Config[]
  readonly tags: readonly string[]
}
