import { expect, it } from 'vitest'
import { isConfigReferenceCurrent } from '../../../docs/config-reference.ts'

it('docs/reference/config.md is what the settings schema says; otherwise run `make docs`', () => {
  expect(isConfigReferenceCurrent()).toBe(true)
})
