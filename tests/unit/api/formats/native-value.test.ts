import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nativeReader } from '../../../../api/formats/native-value.ts'
import { columnKindOf } from '../../../../api/sources/column-kind.ts'

const instants = fc.date({
  min: new Date('0001-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
})

describe('a time as PostgreSQL writes it', () => {
  it('is its microseconds since 1970, whatever the year', () => {
    const read = nativeReader({ name: 'timestamptz' })
    fc.assert(
      fc.property(instants, (instant) => {
        const text = instant.toISOString().replace('T', ' ').replace('Z', '+00')
        expect(read(text)).toBe(BigInt(instant.getTime()) * 1000n)
      }),
    )
    expect(read('2024-11-25 12:00:00.000001+00')).toBe(1_732_536_000_000_001n)
    expect(read('-infinity')).toBe(-(2n ** 63n) + 1n)
  })

  it('is its days since 1970 as a date, also before Christ and after the year 9999', () => {
    const read = nativeReader({ name: 'date' })
    fc.assert(
      fc.property(instants, (instant) => {
        const text = instant.toISOString().slice(0, 10)
        expect(read(text)).toBe(Date.parse(text) / 86_400_000)
      }),
    )
    expect(read('0001-12-31 BC')).toBe(Date.parse('0000-12-31') / 86_400_000)
    expect(read('10000-01-01')).toBe(Date.parse('+010000-01-01') / 86_400_000)
  })
})

describe('a numeric', () => {
  it('is its digits as a whole number', () => {
    const read = nativeReader({ name: 'decimal', precision: 10, scale: 2 })
    expect([read('-0.05'), read('12.30'), read('0.00')]).toEqual([-5n, 1230n, 0n])
    expect(() => read('NaN')).toThrow(SyntaxError)
  })

  it.each([
    [-1, { name: 'numeric' }],
    [(10 << 16) + 2 + 4, { name: 'decimal', precision: 10, scale: 2 }],
    [(38 << 16) + 0 + 4, { name: 'decimal', precision: 38, scale: 0 }],
    [(39 << 16) + 0 + 4, { name: 'numeric' }],
    [(3 << 16) + (2048 - 2) + 4, { name: 'numeric' }],
  ])('has precision and scale by its modifier %i', (modifier, kind) => {
    expect(columnKindOf('numeric', false, modifier)).toEqual(kind)
  })

  it('gives no wrong instant for one that microseconds of 64 bits do not reach', () => {
    const read = nativeReader({ name: 'timestamp' })
    expect(read('294246-12-31 23:59:59')).toBe(9_223_371_244_799_000_000n)
    expect(() => read('294276-12-31 23:59:59')).toThrow('294276-12-31 23:59:59')
  })
})
