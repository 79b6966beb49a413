/** What the API is served with. */
import type { Lake } from '../../core/clients/lake.ts'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Settings } from '../../core/settings.ts'
import type { AdHocOptions } from '../ad-hoc/open-ad-hoc.ts'
import type { Timeouts } from '../http/server.ts'
import type { NamedPredictor } from '../predictions/fallback.ts'
import type { PostgresSource } from '../sources/postgres-source.ts'

/** Opens what computes predictions, the preferred first; it may read PostgreSQL as the API does. */
export type OpenPredictors = (source: Pick<PostgresSource, 'rows'>) => {
  readonly predictors: readonly NamedPredictor[]
  readonly close: () => void
}

export type ServeOptions = {
  /** The folder above `api/endpoints`. */
  readonly projectDir: string
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly postgresUrl: string
  /** PostgreSQL schema of the published tables. */
  readonly schema: string
  /** `api.*` of the settings. */
  readonly settings: Settings['api']
  /** Undefined: no SQL of callers is run. */
  readonly adHoc?: AdHocOptions | undefined
  /** What computes predictions; the stored scores stand behind it. Undefined: there are only those. */
  readonly openPredictors?: OpenPredictors | undefined
  /** Default: `defaultTimeouts`. */
  readonly timeouts?: Timeouts
  /** Asked for when an endpoint says `source: lake`; read-only. */
  readonly openLake?: (() => Promise<Lake>) | undefined
  /**
   * Endpoint files are watched, and this is called after each change with what is wrong in them; what is broken keeps
   * serving as it was.
   */
  readonly onReload?: ((problems: readonly unknown[]) => void) | undefined
  /** Where spans are sent when `api.traces_url` does not say it (OTLP/HTTP). Default: nowhere. */
  readonly tracesUrl?: string | undefined
  readonly log: Log
  readonly clock?: Clock
}
