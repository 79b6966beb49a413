/**
 * Cursors: where a page ended, sealed with AES-256-GCM. Nobody can read the values in one, make one, change one, or use
 * one for another table, order, filter or with other rights than those it was made for.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { problem } from '../../core/problems.ts'

/** The values of the last row, one of each order term. */
export type CursorValues = readonly (string | null)[]

export interface CursorSeal {
  /** The same for seals of one secret, of which it tells nothing; for tags of answers that hold a cursor. */
  readonly identity: string
  /** @param scope what the cursor is good for; the same has to be given to open it */
  seal(values: CursorValues, scope: string): string
  /** @throws `api/invalid-cursor` */
  open(cursor: string, scope: string): CursorValues
}

/** Longer ones are neither given nor taken, since they travel in addresses. */
export const maxCursorLength = 4096
const ivBytes = 12
const tagBytes = 16
const valuesSchema = z.array(z.string().nullable())

/** A seal; processes with the same secret open each other's cursors. */
export function createCursorSeal(secret: string): CursorSeal {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'millrace table cursor 1', 32))
  const identity = Buffer.from(hkdfSync('sha256', secret, '', 'millrace cursor identity 1', 16))
  return {
    identity: identity.toString('base64url'),
    seal(values, scope) {
      const iv = randomBytes(ivBytes)
      const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes })
      cipher.setAAD(Buffer.from(scope))
      const sealed = Buffer.concat([cipher.update(JSON.stringify(values)), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')
    },
    open(cursor, scope) {
      const bytes = Buffer.from(cursor, 'base64url')
      // Two spellings of the same bytes are one too many.
      if (bytes.length <= ivBytes + tagBytes || bytes.toString('base64url') !== cursor) {
        throw problem('api/invalid-cursor', {})
      }
      const iv = bytes.subarray(0, ivBytes)
      const tag = bytes.subarray(ivBytes, ivBytes + tagBytes)
      const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes })
      decipher.setAAD(Buffer.from(scope))
      decipher.setAuthTag(tag)
      const sealed = bytes.subarray(ivBytes + tagBytes)
      try {
        const text = Buffer.concat([decipher.update(sealed), decipher.final()]).toString()
        return valuesSchema.parse(JSON.parse(text))
      } catch {
        throw problem('api/invalid-cursor', {})
      }
    },
  }
}
