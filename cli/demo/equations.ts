/** What must be true after the demo, as numbers that have to be equal. */

export type Equation = {
  /** In words, the sides in the order of `values`. */
  readonly statement: string
  readonly values: readonly bigint[]
  readonly holds: boolean
}

/** Counts taken at each hop; `run` is this demo's share, `total` everything the lake has ever taken in. */
export type Figures = {
  readonly run: {
    readonly produced: number
    readonly badProduced: number
    readonly landed: number
    readonly deadLetters: number
  }
  readonly total: {
    readonly kafkaOffsets: number
    /** Records, dead letters and skipped offsets of the topic as it is now. */
    readonly ledgerOffsets: number
    /** Of this topic and of all that had its name before. */
    readonly ledgerRecords: number
    readonly ledgerDeadLetters: number
    readonly rawRows: bigint
    readonly rawOffsets: bigint
    readonly deadLetterRows: bigint
    readonly deadLetterOffsets: bigint
    readonly distinctEvents: bigint
    readonly martRows: bigint
    readonly postgresRows: bigint
  }
  /** Without a model there is none. */
  readonly scored?: {
    readonly byCommand: number
    readonly lakeRows: bigint
    readonly postgresRows: bigint
  }
  readonly activeUsers: {
    readonly api: bigint
    readonly postgres: readonly bigint[]
    /** Over raw, just before and just after the API was asked: the window moves with the clock. */
    readonly raw: readonly bigint[]
  }
}

/** Judges the figures. */
export function toEquations({ run, total, scored, activeUsers }: Figures): Equation[] {
  return [
    equal('produced = landed + dead letters', run.produced, run.landed + run.deadLetters),
    equal('bad messages produced = dead letters', run.badProduced, run.deadLetters),
    equal(
      'offsets in Kafka = ledger: records + dead letters + skipped',
      total.kafkaOffsets,
      total.ledgerOffsets,
    ),
    equal(
      'ledger records = raw rows = distinct offsets in raw',
      total.ledgerRecords,
      total.rawRows,
      total.rawOffsets,
    ),
    equal(
      'ledger dead letters = ops.dead_letters = distinct offsets in it',
      total.ledgerDeadLetters,
      total.deadLetterRows,
      total.deadLetterOffsets,
    ),
    equal(
      'distinct events in raw = marts.user_activity = PostgreSQL user_activity',
      total.distinctEvents,
      total.martRows,
      total.postgresRows,
    ),
    {
      statement: 'active users: API = PostgreSQL = DuckDB over raw',
      values: [
        activeUsers.api,
        nearestTo(activeUsers.api, activeUsers.postgres),
        nearestTo(activeUsers.api, activeUsers.raw),
      ],
      holds:
        activeUsers.postgres.includes(activeUsers.api) && activeUsers.raw.includes(activeUsers.api),
    },
    ...(scored === undefined
      ? []
      : [
          equal(
            'users scored = ml.predictions = PostgreSQL predictions',
            scored.byCommand,
            scored.lakeRows,
            scored.postgresRows,
          ),
        ]),
  ]
}

function equal(statement: string, ...sides: readonly (number | bigint)[]): Equation {
  const values = sides.map(BigInt)
  return { statement, values, holds: values.every((value) => value === values[0]) }
}

function nearestTo(value: bigint, candidates: readonly bigint[]): bigint {
  return candidates.find((candidate) => candidate === value) ?? candidates[0] ?? -1n
}
