/** One hop of the demo: what went in, what came out, how long it took. */

export type Hop = {
  readonly hop: string
  readonly rowsIn: number | undefined
  readonly rowsOut: number | undefined
  readonly elapsedMs: number
}

/** The hop as a row of the closing table. */
export function toRow({ hop, rowsIn, rowsOut, elapsedMs }: Hop) {
  const seconds = elapsedMs / 1_000
  return {
    hop,
    rows_in: rowsIn ?? null,
    rows_out: rowsOut ?? null,
    seconds: Math.round(seconds * 10) / 10,
    rows_per_second: rowsIn === undefined || seconds === 0 ? null : Math.round(rowsIn / seconds),
  }
}
