/** How long a request would wait for a connection, guessed from how long the last ones were held. */

export interface ExpectedWait {
  /** A connection was held for so many milliseconds. */
  held(milliseconds: number): void
  /** @param waiting requests that stand in line already */
  milliseconds(waiting: number): number
}

/** Weight of the newest; the last fifty or so count. */
const weight = 0.04

/** @param connections of the pool */
export function createExpectedWait(connections: number): ExpectedWait {
  let average = 0
  return {
    held(milliseconds) {
      average += (milliseconds - average) * weight
    },
    milliseconds: (waiting) => (waiting * average) / connections,
  }
}
