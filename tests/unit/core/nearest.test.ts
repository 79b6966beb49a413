import { expect, it } from 'vitest'
import { nearest } from '../../../core/nearest.ts'

it('finds the name with the fewest edits, whatever its case', () => {
  expect(nearest('stg_order', ['stg_orders', 'stg_users'])).toBe('stg_orders')
  expect(nearest('KAFKA', ['kafka', 'cafe'])).toBe('kafka')
})

it('finds nothing when all names are far', () => {
  expect(nearest('zzzzzz', ['stg_orders', 'users'])).toBeUndefined()
  expect(nearest('a', [])).toBeUndefined()
})
