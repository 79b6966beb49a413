import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { transition } from '../../../../ingest/landing/machine.ts'
import { events, renderStep, states } from '../../../support/landing-table.ts'

const specification = readFileSync(
  new URL('../../../../docs/specs/landing.md', import.meta.url),
  'utf8',
)
/** Lines of tables as wide as ours, padding and rules taken off. */
function wideRows(markdown: string): readonly (readonly string[])[] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^[|\s-]+$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
    .filter((cells) => cells.length === Object.keys(states).length + 1)
}

const [head, ...rows] = wideRows(specification)

describe('the table of docs/specs/landing.md', () => {
  it('has a row for every event and a column for every state', () => {
    expect(head).toEqual(['event', ...Object.keys(states)])
    expect(rows.map(([event]) => event)).toEqual(Object.keys(events))
  })

  it.each(rows)('says what happens on: %s', (name, ...cells) => {
    const make = events[name ?? '']
    const stepped = Object.values(states).map((state) =>
      make === undefined ? 'no such event' : renderStep(state, transition(state, make(state))),
    )
    expect(stepped).toEqual(cells)
  })
})

describe('a step', () => {
  it('claims the next interval from the committed entry on', () => {
    const { state } = transition(
      {
        kind: 'claiming',
        head: { offset: 10, prev: { start: 0, etag: 'e0' } },
        position: 25,
        claim: {
          type: 'data',
          start: 10,
          end: 20,
          prev: { start: 0, etag: 'e0' },
          nonce: 'own',
        },
      },
      { kind: 'committed', nonce: 'own', etag: 'e10' },
    )
    const flushed = transition(state, { kind: 'flush', nonce: 'next' })
    expect(flushed.actions).toEqual([
      {
        kind: 'prepare',
        claim: {
          type: 'data',
          start: 20,
          end: 25,
          prev: { start: 10, etag: 'e10' },
          nonce: 'next',
        },
      },
    ])
  })
})
