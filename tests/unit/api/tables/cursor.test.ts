import { describe, expect, it } from 'vitest'
import { createCursorSeal } from '../../../../api/tables/cursor.ts'

const seal = createCursorSeal('a secret')
const values = ['5', null, 'Grüße "🌍"']

describe('a cursor', () => {
  it('gives its values back to every process with the same secret', () => {
    expect(createCursorSeal('a secret').open(seal.seal(values, 'scope'), 'scope')).toEqual(values)
  })

  it('shows nothing of what is in it, and is never the same twice', () => {
    const cursor = seal.seal(['personal@example.org'], 'scope')
    expect(Buffer.from(cursor, 'base64url').toString('latin1')).not.toContain('personal')
    expect(seal.seal(['personal@example.org'], 'scope')).not.toBe(cursor)
  })

  it('is refused for another scope and by another secret', () => {
    const cursor = seal.seal(values, 'scope')
    const refused = expect.objectContaining({ code: 'api/invalid-cursor' })
    expect(() => seal.open(cursor, 'other')).toThrow(refused)
    expect(() => createCursorSeal('another').open(cursor, 'scope')).toThrow(refused)
  })

  it('comes of a seal whose identity tells processes apart, and nothing of the secret', () => {
    expect(createCursorSeal('a secret').identity).toBe(seal.identity)
    expect(createCursorSeal('another').identity).not.toBe(seal.identity)
    expect(seal.identity).toMatch(/^[\w-]{22}$/)
  })

  it('is refused with any one character changed, cut or added', () => {
    const cursor = seal.seal(['5'], 'scope')
    const others = [...cursor].map(
      (character, at) =>
        cursor.slice(0, at) + (character === 'A' ? 'B' : 'A') + cursor.slice(at + 1),
    )
    for (const forged of [
      ...others,
      cursor.slice(1),
      cursor.slice(0, -1),
      `${cursor}A`,
      `${cursor}=`,
    ]) {
      expect(() => seal.open(forged, 'scope')).toThrow(
        expect.objectContaining({ code: 'api/invalid-cursor' }),
      )
    }
  })

  it.each(['', 'null', '....', 'eyJpZCI6MX0', 'A'.repeat(40), '💥'])('is refused as %s', (text) => {
    expect(() => seal.open(text, 'scope')).toThrow(
      expect.objectContaining({ code: 'api/invalid-cursor' }),
    )
  })
})
