import { describe, expect, it } from 'vitest'
import { checkLanding, type ModelOptions } from '../../../support/landing-model.ts'

const sound: ModelOptions = {
  offsets: 3,
  crashes: 2,
  claims: 2,
  startAt: 0,
  conditional: true,
  pipelined: false,
  datedKeys: false,
  maxStates: 400_000,
}

// Pure computing, some seconds of it: slower where other tests run beside it.
describe('the landing protocol, checked in every order of events', { timeout: 120_000 }, () => {
  it('lands each offset once with two writers, crashes, late PUTs and lost answers', () => {
    const result = checkLanding(sound)
    expect(result).toMatchObject({ violation: undefined, complete: true })
    expect(result.states).toBeGreaterThan(10_000)
  })

  it('lands each offset once when the partition begins with a genesis entry', () => {
    const result = checkLanding({ ...sound, startAt: 1, crashes: 1 })
    expect(result).toMatchObject({ violation: undefined, complete: true })
  })

  it.each([
    ['the store ignores the condition', { conditional: false }],
    ['two claims are on their way at once', { pipelined: true }],
    ['the claim key holds the date', { datedKeys: true }],
  ])('is violated when %s', (_, crippled) => {
    expect(checkLanding({ ...sound, ...crippled }).violation).toBeDefined()
  })
})
