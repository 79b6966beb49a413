import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { userActivityEventSchema } from '../../../../core/contracts/user-activity.ts'
import { defaultMess, type MessRates, messUp, noMess } from '../../../../ingest/producer/mess.ts'
import {
  countMessages,
  emptyCounts,
  type Message,
  malformedKinds,
} from '../../../../ingest/producer/message.ts'
import { simulate } from '../../../../ingest/producer/simulate.ts'

// They generate much; a busy machine takes long over it.
vi.setConfig({ testTimeout: 120_000 })

const simulation = { seed: 3, users: 100, events: 20_000, end: Date.UTC(2024, 10, 25), days: 60 }
const maxRecordBytes = 4_096

function messages(rates: MessRates, events = simulation.events): readonly Message[] {
  const options = { seed: 3, rates, maxRecordBytes, spanMs: simulation.days * 86_400_000 }
  return [...messUp(simulate({ ...simulation, events }), options)]
}

function isEvent(value: Message['value']): boolean {
  if (value === null) return false
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value))
    return userActivityEventSchema.safeParse(JSON.parse(text)).success
  } catch {
    return false
  }
}

describe('messUp', () => {
  it('sends every event unchanged and in order without mess', () => {
    const plain = [...simulate(simulation)].map(({ text }) => text)
    expect(messages(noMess).map(({ value }) => value)).toEqual(plain)
  })

  it('sends one message an event and one more a duplicate, whatever the rates', () => {
    const rate = fc.double({ min: 0, max: 0.16, noNaN: true })
    const anyRates = fc.record({
      late: rate,
      outOfOrder: rate,
      duplicate: rate,
      malformed: rate,
      oversized: fc.constant(0.001),
      unknownField: rate,
    })
    fc.assert(
      fc.property(anyRates, (rates) => {
        const counts = emptyCounts()
        countMessages(counts, messages(rates, 2_000))
        const { duplicate, ...others } = counts.kinds
        expect(Object.values(others).reduce((sum, count) => sum + count, 0)).toBe(2_000)
        expect(counts.messages).toBe(2_000 + duplicate)
      }),
      { numRuns: 20 },
    )
  })

  it('meets its rates', () => {
    const rates = { ...defaultMess, malformed: 0.05, oversized: 0.01 }
    const counts = emptyCounts()
    countMessages(counts, messages(rates))
    const expected = [
      ['late', rates.late],
      ['out_of_order', rates.outOfOrder],
      ['duplicate', rates.duplicate],
      ['malformed', rates.malformed],
      ['oversized', rates.oversized],
      ['unknown_field', rates.unknownField],
    ] as const
    for (const [kind, rate] of expected) {
      // Five deviations of a binomial count.
      const slack = 5 * Math.sqrt(20_000 * rate)
      expect(Math.abs(counts.kinds[kind] - 20_000 * rate)).toBeLessThan(slack)
    }
    for (const kind of malformedKinds) expect(counts.malformed[kind]).toBeGreaterThan(0)
  })

  it('makes no event of a malformed message, and events of all others', () => {
    const rates = { ...defaultMess, malformed: 0.2, oversized: 0.002 }
    for (const { kind, value } of messages(rates)) expect(isEvent(value)).toBe(kind !== 'malformed')
  })

  it('makes only oversized messages longer than a record may be', () => {
    for (const { kind, value } of messages({ ...defaultMess, oversized: 0.01 })) {
      const long = Buffer.byteLength(value ?? '') > maxRecordBytes
      expect(long).toBe(kind === 'oversized')
    }
  })

  it('sends a duplicate as the same bytes, after the first', () => {
    const seen = new Set<string>()
    for (const { kind, value } of messages({ ...noMess, duplicate: 0.1 })) {
      expect(seen.has(String(value))).toBe(kind === 'duplicate')
      seen.add(String(value))
    }
  })

  it('sends late events an hour or more after the stream passed them, disordered ones within minutes', () => {
    const sent = messages({ ...noMess, late: 0.02, outOfOrder: 0.02 })
    let before = 0
    for (const [index, { kind, at }] of sent.entries()) {
      if (kind === 'ordinary') before = at
      // A held message goes out just before the first event that happened after it was due; at the end, at once.
      const next = sent.slice(index, index + 100).find((one) => one.kind === 'ordinary')
      if (kind === 'late' && next) expect(next.at - at).toBeGreaterThanOrEqual(3_600_000)
      if (kind === 'out_of_order' && next) {
        expect(next.at - at).toBeGreaterThanOrEqual(5_000)
        expect(before - at).toBeLessThanOrEqual(300_000)
      }
    }
  })

  it('keys every message by its user', () => {
    for (const { key, value, kind } of messages(defaultMess)) {
      if (kind !== 'malformed') expect(String(value)).toContain(`"user_id":${key},`)
    }
  })
})
