import { describe, expect, it } from 'vitest'
import { type ChangedInputs, decideChanged } from '../../../../transform/changed/decide.ts'

const logic = { code: 'c', config: 'f', macros: 'm', values: 'v' }
const known = (version: string, inputs: Record<string, string>) => ({
  logic,
  inputs,
  version,
  snapshot: 1,
})

/** raw → a → b, all as they were. */
const inputs: ChangedInputs = {
  ids: ['a', 'b'],
  logicOf: () => ({ logic, volatile: undefined }),
  inputsOf: (id) => (id === 'a' ? ['raw'] : ['a']),
  known: new Map([
    ['a', known('run-1', { raw: '7' })],
    ['b', known('run-1', { a: 'run-1' })],
  ]),
  sourceVersion: () => '7',
  isSource: (id) => id === 'raw',
  isView: () => false,
  damageOf: () => undefined,
}

const reasons = (change: Partial<ChangedInputs>) =>
  decideChanged({ ...inputs, ...change }).map(({ reason }) => reason)

describe('what has to run', () => {
  it('is nothing when nothing has changed', () => {
    expect(reasons({})).toEqual([undefined, undefined])
  })

  it('is all below a source whose rows have changed', () => {
    expect(reasons({ sourceVersion: () => '8' })).toEqual(['raw has changed', 'a is built again'])
  })

  it('is what has changed itself, and says what of it', () => {
    const of = (part: object) =>
      reasons({
        logicOf: (id) => ({
          logic: id === 'b' ? { ...logic, ...part } : logic,
          volatile: undefined,
        }),
      })
    expect(of({ code: 'x' })).toEqual([undefined, 'its code has changed'])
    expect(of({ config: 'x' })).toEqual([undefined, 'its config has changed'])
    expect(of({ macros: 'x' })).toEqual([undefined, 'a macro that it uses has changed'])
    expect(of({ values: 'x' })).toEqual([undefined, 'a variable that it reads has changed'])
  })

  it('is what never succeeded, what reads the clock, and what is damaged', () => {
    expect(reasons({ known: new Map() })).toEqual([
      'it has not succeeded yet',
      'it has not succeeded yet',
    ])
    const clock = { logic, volatile: 'its SQL reads the clock' }
    expect(reasons({ logicOf: () => clock })[0]).toBe('its SQL reads the clock')
    const gone = (id: string) => (id === 'b' ? 'main.b is gone' : undefined)
    expect(reasons({ damageOf: gone })).toEqual([undefined, 'main.b is gone'])
  })

  it('is what reads an input that another run has built since, though it is not in this plan', () => {
    const since = new Map([...inputs.known, ['a', known('run-2', { raw: '7' })]])
    expect(reasons({ ids: ['b'], known: since })).toEqual(['a has changed'])
  })

  it('is what reads a node that somebody else has written, though it is not in this plan', () => {
    const damageOf = (id: string) => (id === 'a' ? 'main.a was changed since' : undefined)
    expect(reasons({ ids: ['b'], damageOf })).toEqual(['main.a was changed since'])
  })

  it('is what reads a view whose own inputs have changed, though it is not in this plan', () => {
    const change = { ids: ['b'], sourceVersion: () => '8' }
    expect(reasons({ ...change, isView: (id) => id === 'a' })).toEqual(['raw has changed'])
    expect(reasons(change)).toEqual([undefined])
  })

  it('is what reads something of which nothing is known', () => {
    expect(reasons({ sourceVersion: () => undefined })[0]).toBe('nothing is known of raw')
  })
})
