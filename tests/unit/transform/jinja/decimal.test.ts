import { describe, expect, it } from 'vitest'
import { Decimal } from '../../../../transform/jinja/decimal.ts'
import { compileTemplate } from '../../../../transform/jinja/template.ts'
import { HostFunction, toText } from '../../../../transform/jinja/values.ts'

const d = new HostFunction('d', ({ positional: [text] }) => Decimal.read(toText(text)))

function rendered(expression: string): string {
  return compileTemplate('test.sql', `{{ ${expression} }}`).renderSync(new Map([['d', d]]))
}

describe('a decimal', () => {
  it.each([
    ["d('1.50')", '1.50'],
    ["d('0.00')", '0.00'],
    ["d('-0.05')", '-0.05'],
    ["d('1E+20')", '1E+20'],
    ["d('1e-7')", '1E-7'],
    ["d('0.000001')", '0.000001'],
    ["[d('1.50')]", "[Decimal('1.50')]"],
    ["'%s' % d('1.50')", '1.50'],
    ["'{:.2f}'.format(d('1.5'))", '1.50'],
    ["d('1.50') ~ 'x'", '1.50x'],
  ])('prints as Python prints it: %s', (expression, text) => {
    expect(rendered(expression)).toBe(text)
  })

  it.each([
    ["d('1.50') + 1", '2.50'],
    ["3 + d('0.5')", '3.5'],
    ["d('2.50') - d('0.5')", '2.00'],
    ["d('1.50') * d('2.0')", '3.000'],
    ["d('1') / 3", '0.3333333333333333333333333333'],
    ["-d('2') / 3", '-0.6666666666666666666666666667'],
    ["d('100') / d('4')", '25'],
    ["d('6.0') / 2", '3.0'],
    ["d('2.00') / d('1.0')", '2.0'],
    ["d('0.00') / 7", '0.00'],
    ["d('-7.5') // 2", '-3'],
    ["d('-7.5') % 2", '-1.5'],
    ["10 % d('3.0')", '1.0'],
    ["d('1.5') ** 2", '2.25'],
    ["d('2') ** -1", '0.5'],
    ["-d('1.50')", '-1.50'],
    ["d('-1.50') | abs", '1.50'],
    ["d('2.675') | round(2)", '2.68'],
    ["d('2.5') | round", '2'],
    ["d('2.9') | int", '2'],
    ["d('1.50') | float", '1.5'],
    ["[d('1.5'), d('2.25')] | sum", '3.75'],
    ["d('1234567890123456789012345678.5') * 10", '1.234567890123456789012345678E+28'],
    ["d('12345678901234567890123456789') + 0", '1.234567890123456789012345679E+28'],
  ])('keeps its digits in arithmetic: %s', (expression, text) => {
    expect(rendered(expression)).toBe(text)
  })

  it.each([
    ["d('1.10') == d('1.1')", 'True'],
    ["d('1.5') == 1.5", 'True'],
    ["d('1.1') > 1", 'True'],
    ["d('9007199254740993.1') == d('9007199254740993.2')", 'False'],
    ["[d('2.50'), 1, d('0.5')] | sort", "[Decimal('0.5'), 1, Decimal('2.50')]"],
    ["'yes' if d('0.00') else 'no'", 'no'],
    ["d('1.5') is number", 'True'],
    ["d('1.5') is float", 'False'],
  ])('compares by its value: %s', (expression, text) => {
    expect(rendered(expression)).toBe(text)
  })

  it('refuses to divide by zero, and digits without end', () => {
    expect(() => rendered("d('1.5') / 0")).toThrow(/division by zero/)
    expect(() => rendered("d('1E+100000') + d('1')")).toThrow(/too many digits/)
  })

  it('is no text that only begins like a number', () => {
    expect(Decimal.read('1.5 kg')).toBeUndefined()
    expect(Decimal.read('nan')).toBeUndefined()
  })
})
