import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decidePublish,
  type Published,
  type Situation,
} from '../../../../transform/publish/decide.ts'

const published: Published = {
  sourceUuid: 'u',
  snapshot: 5,
  watermark: 100n,
  fingerprint: 'f',
  isOurs: true,
}
const situation = (more: Partial<Situation>): Situation => ({
  strategy: 'swap',
  snapshot: 6,
  fingerprint: 'f',
  targetExists: true,
  published,
  change: 'same',
  ...more,
})
const handMade = { ...published, isOurs: false }

describe('decidePublish', () => {
  it.each<[string, Partial<Situation>, object]>([
    ['does nothing when the table is the same', {}, { kind: 'unchanged' }],
    ['makes a table that is not there', { targetExists: false }, { kind: 'swap' }],
    ['swaps what changed', { change: 'appended' }, { kind: 'swap' }],
    ['swaps what was replaced', { change: 'replaced' }, { kind: 'swap' }],
    [
      'merges from the watermark',
      { strategy: 'merge', change: 'appended' },
      { kind: 'merge', from: 100n },
    ],
    [
      'merges what was written since after an update',
      { strategy: 'merge', change: 'rewritten' },
      { kind: 'merge', from: 0n, since: 5 },
    ],
    [
      'merges what differs from what was published when the table was replaced',
      { strategy: 'merge', change: 'replaced', isOldThere: true },
      { kind: 'merge', from: 0n, unlike: 5 },
    ],
    [
      'merges all when the table was replaced and its past is gone',
      { strategy: 'merge', change: 'replaced' },
      { kind: 'merge', from: 0n },
    ],
    [
      'appends from the watermark',
      { strategy: 'append', change: 'appended' },
      { kind: 'append', from: 100n },
    ],
    [
      'makes an appended table anew after an update',
      { strategy: 'append', change: 'rewritten' },
      { kind: 'swap' },
    ],
    [
      'appends all to a table of others once',
      { strategy: 'append', published: undefined, change: undefined },
      { kind: 'append', from: 0n },
    ],
    [
      'does not make the table of others anew',
      { strategy: 'append', published: handMade, change: 'replaced' },
      { kind: 'not-ours' },
    ],
    [
      'does not swap the table of others',
      { published: undefined, change: undefined },
      { kind: 'not-ours' },
    ],
    [
      'does not swap what it only merged into',
      { published: handMade, change: 'replaced' },
      { kind: 'not-ours' },
    ],
    ['leaves a newer publish alone', { snapshot: 4, change: 'appended' }, { kind: 'superseded' }],
    ['swaps when the settings changed', { fingerprint: 'g' }, { kind: 'swap' }],
    [
      'merges all when the settings changed',
      { strategy: 'merge', fingerprint: 'g' },
      { kind: 'merge', from: 0n },
    ],
    [
      'swaps when the last publish came from another lake',
      { snapshot: 1, change: undefined },
      { kind: 'swap' },
    ],
  ])('%s', (_, more, decision) => {
    expect(decidePublish(situation(more))).toEqual(decision)
  })

  it('never replaces a table that others made', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('swap', 'merge', 'append'),
        fc.constantFrom('same', 'appended', 'rewritten', 'replaced', undefined),
        fc.constantFrom(handMade, undefined),
        fc.constantFrom('f', 'g'),
        fc.integer({ min: 1, max: 10 }),
        (strategy, change, before, fingerprint, snapshot) => {
          const decision = decidePublish({
            strategy,
            change: before && change,
            published: before,
            fingerprint,
            snapshot,
            targetExists: true,
          })
          expect(decision.kind).not.toBe('swap')
        },
      ),
    )
  })
})
