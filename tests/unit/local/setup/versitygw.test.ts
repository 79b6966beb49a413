import { expect, it } from 'vitest'
import { isRecentGo } from '../../../../local/setup/versitygw.ts'

it.each([
  ['go version go1.26.8 linux/amd64', true],
  ['go version go1.25 linux/arm64', true],
  ['go version go2.0.1 linux/amd64', true],
  ['go version go1.19.8 linux/amd64', false],
  ['go version devel gibberish', false],
  ['', false],
])('takes the Go that says "%s": %s', (output, recent) => {
  expect(isRecentGo(output)).toBe(recent)
})
