/** Names of claims: unique, and telling when they were made, which an object's key must since listings of stores differ. */

const timeDigits = 9

/** An older claim is given up and its records fetched again: the janitor may delete files of unclaimed ones. */
export const claimAgeMs = 6 * 3_600_000

/** @param random 20 or so random letters and digits */
export function makeNonce(nowMs: number, random: string): string {
  return `${nowMs.toString(36).padStart(timeDigits, '0')}${random}`
}

/** When a nonce was made, in milliseconds since 1970; undefined when it is none of ours. */
export function nonceTimeMs(nonce: string): number | undefined {
  if (!/^[0-9a-z]{10,}$/.test(nonce)) return undefined
  return Number.parseInt(nonce.slice(0, timeDigits), 36)
}

/** The nonce in a data file's key. */
export function nonceOfKey(key: string): string | undefined {
  return /-([0-9A-Za-z]+)\.parquet$/.exec(key)?.[1]
}
