import { describe, expect, it } from 'vitest'
import { acceptsDbt } from '../../../../transform/project/required-version.ts'

describe('require-dbt-version', () => {
  it.each([
    [['>=1.0.0', '<2.0.0']],
    [['>=1.6.0,<1.13.0']],
    [['>=2.0.0-preview.1']],
    [['=1.9.4']],
    [['1.12.6']],
    [['>=0.20.0']],
    [['>1.3', '!=1.4.2']],
    [['anything']],
    [[]],
  ])('%j asks for a language that runs here', (required) => {
    expect(acceptsDbt(required)).toBe(true)
  })

  it.each([[['<1.0.0']], [['>=0.14.0', '<0.20.0']], [['>=3.0.0']], [['=0.21.0']]])(
    '%j does not',
    (required) => {
      expect(acceptsDbt(required)).toBe(false)
    },
  )
})
