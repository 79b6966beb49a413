/**
 * What a key looks like: `mlr_<prefix>_<secret>`, the prefix to name it by and 32 random bytes as the secret.
 *
 * At rest it is a plain SHA-256. A slow hash (bcrypt, argon2) makes guessing dear where people choose the secret; against
 * 256 random bits there is nothing to guess, and a slow hash would only be a way to keep the server busy.
 */
import { hash } from 'node:crypto'

const pattern = /^mlr_([a-z0-9]{8})_[A-Za-z0-9_-]{43}$/
const prefixAlphabet = 'abcdefghijklmnopqrstuvwxyz234567'

export type NewKey = {
  /** What the caller sends; it is nowhere kept. */
  readonly text: string
  readonly prefix: string
  /** 32 bytes. */
  readonly hash: Buffer
}

/** Makes a key. @param randomBytes gives as many random bytes as it is asked for */
export function makeKey(randomBytes: (count: number) => Buffer): NewKey {
  // 32 letters: five bits of each byte, every letter as likely as the others.
  const letters = [...randomBytes(8)].map((byte) => prefixAlphabet[byte & 31])
  const prefix = letters.join('')
  const text = `mlr_${prefix}_${randomBytes(32).toString('base64url')}`
  return { text, prefix, hash: hashKey(text) }
}

/** The prefix of a text that has the form of a key, else undefined. */
export function prefixOf(text: string): string | undefined {
  return pattern.exec(text)?.[1]
}

/** SHA-256 of the whole key. */
export function hashKey(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}
