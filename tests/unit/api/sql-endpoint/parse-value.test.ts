import { describe, expect, it } from 'vitest'
import { parseValue } from '../../../../api/sql-endpoint/parse-value.ts'

describe('parseValue', () => {
  it.each([
    ['integer', '42', 42],
    ['integer', '-9007199254740991', -9007199254740991],
    ['integer', '9007199254740993', '9007199254740993'],
    ['integer', '-9223372036854775808', '-9223372036854775808'],
    ['integer', '0000000000000000007', 7],
    ['number', '1e3', 1000],
    ['boolean', 'true', true],
    ['string', 'a b', 'a b'],
    ['date', '2024-02-29', '2024-02-29'],
    ['timestamp', '2024-11-25T12:00:00Z', '2024-11-25T12:00:00Z'],
    ['timestamp', '2024-11-25T12:00', '2024-11-25T12:00Z'],
    ['timestamp', '2024-11-25T12:00:00.123456+05:30', '2024-11-25T12:00:00.123456+05:30'],
  ] as const)('reads %s %s', (type, text, expected) => {
    expect(parseValue('p', text, { type })).toBe(expected)
  })

  it.each([
    ['integer', '9223372036854775808'],
    ['integer', '1.0'],
    ['integer', ' 1'],
    ['integer', '0x10'],
    ['number', 'NaN'],
    ['number', '1e999'],
    ['number', ''],
    ['boolean', 'TRUE'],
    ['date', '2023-02-29'],
    ['date', '2024-13-01'],
    ['date', 'yesterday'],
    ['timestamp', '2024-11-25'],
    ['timestamp', '2024-02-30T00:00:00Z'],
    ['timestamp', '2024-11-25T25:00:00Z'],
    ['timestamp', 'now'],
    ['string', 'a\0b'],
    ['string', 'x'.repeat(1001)],
  ] as const)('refuses %s %j by name', (type, text) => {
    expect(() => parseValue('since', text, { type })).toThrow(/^Parameter since /)
  })

  it('holds numbers to their limits and says them', () => {
    const spec = { type: 'integer', minimum: 1, maximum: 5 } as const
    expect(() => parseValue('n', '6', spec)).toThrow('from 1 to 5')
    expect(parseValue('n', '5', spec)).toBe(5)
    expect(() => parseValue('n', '9007199254740993', spec)).toThrow('from 1 to 5')
  })

  it('counts characters, not code units', () => {
    expect(parseValue('s', '😀😀', { type: 'string', max_length: 2 })).toBe('😀😀')
  })
})
