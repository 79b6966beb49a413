import { expect, it } from 'vitest'
import { isOwnHost } from '../../../core/own-host.ts'

it.each(['localhost:8080', 'LOCALHOST', '127.0.0.1:8080', '127.0.1.1', '[::1]:8080'])(
  'answers who asks this machine for itself: %s',
  (host) => {
    expect(isOwnHost(host, '127.0.0.1')).toBe(true)
    expect(isOwnHost(host, '::1')).toBe(true)
    expect(isOwnHost(host, 'localhost')).toBe(true)
  },
)

it.each([
  'evil.example',
  'evil.example:8080',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  '',
  undefined,
])('refuses a name that another site pointed here: %s', (host) => {
  expect(isOwnHost(host, '127.0.0.1')).toBe(false)
})

it('answers to any name where it listens to other machines', () => {
  expect(isOwnHost('docs.example:8080', '0.0.0.0')).toBe(true)
})
