/** What a ref or source is printed as under `--empty` and `--sample`: a subquery, in dbt's words for DuckDB. */

import { quoteIdent } from '../../core/sql.ts'
import type { SelectableNode } from '../compile/graph.ts'
import { field } from './json.ts'
import type { TimeWindow } from './time-window.ts'

export type RefLimits = {
  /** `--empty`: no rows, so that only names and types are checked. */
  readonly empty: boolean
  /** `--sample`, or the batch of a microbatch model. */
  readonly window?: TimeWindow | undefined
}

/**
 * @param relation the name as it is printed otherwise
 * @param eventTime the column that says when a row happened; without one, a window does not apply
 * @returns `(select * from relation where …)`; the filter stands outside the limit, as in dbt
 */
export function limitRef(
  relation: string,
  { empty, window }: RefLimits,
  eventTime: string | undefined,
): string {
  const limited = empty ? `(select * from ${relation} where false limit 0)` : relation
  if (window === undefined || eventTime === undefined) return limited
  const { start, end } = window
  const isLater = `${eventTime} >= '${printInstant(start)}'`
  const isEarlier = `${eventTime} < '${printInstant(end)}'`
  return `(select * from ${limited} where ${isLater} and ${isEarlier})`
}

/** Whether a window applies to what this node reads: only models and snapshots are sampled. */
export function isSampled(reader: SelectableNode): boolean {
  return reader.kind === 'model' || reader.kind === 'snapshot'
}

/** The column of config `event_time`, quoted when its column or its source says so; undefined without one. */
export function eventTimeColumn(target: SelectableNode): string | undefined {
  const name = target.config['event_time']
  if (typeof name !== 'string' || name === '') return undefined
  const columns = 'columns' in target ? target.columns : []
  const ofColumn = columns.find((column) => column.name === name)?.quote
  const ofSource = target.kind === 'source' ? field(target.properties, 'quoting', 'column') : false
  return (ofColumn ?? ofSource) === true ? quoteIdent(name) : name
}

/** As Python prints an instant in UTC: `2024-01-31 00:00:00+00:00`, with six digits of a second if there are any. */
export function printInstant(milliseconds: number): string {
  const [date, time = ''] = new Date(milliseconds).toISOString().replace('Z', '').split('T')
  return `${date} ${time.replace('.000', '').replace(/(\.\d{3})$/, '$1000')}+00:00`
}
