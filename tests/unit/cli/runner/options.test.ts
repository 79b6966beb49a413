import { describe, expect, it } from 'vitest'
import { parseVars } from '../../../../cli/runner/options.ts'
import { isProblem } from '../../../../core/errors.ts'

function fault(text: string): unknown {
  try {
    return parseVars(text)
  } catch (error) {
    return error
  }
}

describe('--vars', () => {
  it('is a map in YAML or JSON, in which one value may stand twice', () => {
    expect(parseVars('{"days": 3}')).toEqual({ days: 3 })
    expect(parseVars('{a: &one [1], b: *one}')).toEqual({ a: [1], b: [1] })
  })

  it.each(['&a [*a]', '{a: &b [1, *b]}', '&a {x: {y: *a}}'])(
    '%s is refused: it has no end',
    (text) => {
      const found = fault(text)
      expect(isProblem(found, 'model/bad-vars')).toBe(true)
      expect(found).toMatchObject({ message: expect.stringContaining('an alias stands inside') })
    },
  )

  it.each(['[1]', 'text', '3'])('%s is no map', (text) => {
    expect(isProblem(fault(text), 'model/bad-vars')).toBe(true)
  })
})
