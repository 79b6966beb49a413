/**
 * The semantic layer, carried and not interpreted. What is deeper than the first level has the names and the shape of
 * dbt's manifest, with dbt's defaults filled in and null where nothing is said.
 */
import type { Config, Entry } from './project-properties.ts'

/** A filter of the manifest: `{where_filters: [{where_sql_template}]}`. Its Jinja is never rendered. */
export type WhereFilter = {
  readonly where_filters: readonly { readonly where_sql_template: string }[]
}

export type Metric = Entry & {
  readonly label: string
  /** simple, ratio, cumulative, derived or conversion. */
  readonly type: string
  /** The manifest's `type_params`, `input_measures` of its own and of the metrics it is made of included. */
  readonly typeParams: Config
  readonly filter: WhereFilter | null
  readonly timeGranularity: string | undefined
  /** What the manifest has beside the config. */
  readonly meta: Config
  readonly tags: readonly string[]
  /** The semantic model that it aggregates: for metrics that a model holds or a measure makes. */
  readonly semanticModel: string | undefined
}

export type SemanticModel = Entry & {
  /** `ref('x')`, as written. */
  readonly model: string
  readonly label: string | undefined
  /** `{agg_time_dimension}`. */
  readonly defaults: Config | null
  readonly primaryEntity: string | undefined
  /** `config.meta` of each has that of the semantic model's own config below its own. */
  readonly entities: readonly Config[]
  readonly measures: readonly Config[]
  readonly dimensions: readonly Config[]
}

export type SavedQuery = Entry & {
  readonly label: string | undefined
  /** The manifest's `query_params`: metrics, group_by, where, order_by, limit. */
  readonly queryParams: Config
  readonly exports: readonly SavedQueryExport[]
  /** Beside the config alone; the manifest has those of the config too. */
  readonly tags: readonly string[]
}

/** Schema, alias and database are said or null; who compiles fills them in as for a model. */
export type SavedQueryExport = {
  readonly name: string
  readonly config: {
    readonly export_as: string | null
    readonly schema_name: string | null
    readonly alias: string | null
    readonly database: string | null
  }
  readonly unrendered_config: Config
}
