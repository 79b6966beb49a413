/**
 * Answers that are kept for a while, within a limit of bytes; the ones not used for longest go first. Callers who ask for
 * the same at the same time share one query.
 */
import type { Clock } from '../../core/clock.ts'

export interface AnswerCache<Answer> {
  /** What is kept under the key, or what `make` gives; a failure is kept for nobody. */
  get(key: string, seconds: number, make: () => Promise<Answer>): Promise<Answer>
  /** What is kept under the key, at once. */
  peek(key: string): Answer | undefined
  /** Forgets everything; answers that are being made are given to those who wait and not kept. */
  clear(): void
  /** How many answers were there already, or being made, and how many had to be made. */
  stats(): { readonly hits: number; readonly misses: number; readonly bytes: number }
}

export type AnswerCacheOptions<Answer> = {
  readonly maxBytes: number
  /** Bytes of an answer. */
  readonly sizeOf: (answer: Answer) => number
  readonly clock: Pick<Clock, 'now'>
}

type Entry<Answer> = { readonly answer: Answer; readonly until: number; readonly bytes: number }

/** Of key, map entry and headers of one answer, about. */
const overhead = 500

export function createAnswerCache<Answer>(
  options: AnswerCacheOptions<Answer>,
): AnswerCache<Answer> {
  const { maxBytes, sizeOf, clock } = options
  const entries = new Map<string, Entry<Answer>>()
  const making = new Map<string, Promise<Answer>>()
  let bytes = 0
  let generation = 0
  let hits = 0
  let misses = 0

  function remove(key: string, entry: Entry<Answer>): void {
    entries.delete(key)
    bytes -= entry.bytes
  }

  function keep(key: string, answer: Answer, seconds: number): void {
    const size = sizeOf(answer) + key.length * 2 + overhead
    if (size > maxBytes) return
    const before = entries.get(key)
    if (before !== undefined) remove(key, before)
    entries.set(key, { answer, until: clock.now() + seconds * 1000, bytes: size })
    bytes += size
    for (const [oldest, entry] of entries) {
      if (bytes <= maxBytes) break
      remove(oldest, entry)
    }
  }

  function peek(key: string): Answer | undefined {
    const entry = entries.get(key)
    if (entry === undefined) return undefined
    if (entry.until <= clock.now()) {
      remove(key, entry)
      return undefined
    }
    // A map gives its keys in the order of insertion: this one is the youngest again.
    entries.delete(key)
    entries.set(key, entry)
    hits++
    return entry.answer
  }

  return {
    peek,
    stats: () => ({ hits, misses, bytes }),
    async get(key, seconds, make) {
      const kept = peek(key)
      if (kept !== undefined) return kept
      const running = making.get(key)
      if (running !== undefined) {
        hits++
        return await running
      }
      misses++
      const born = generation
      const made = make()
      making.set(key, made)
      try {
        const answer = await made
        // What was asked for before a publish may be older than it.
        if (born === generation) keep(key, answer, seconds)
        return answer
      } finally {
        if (making.get(key) === made) making.delete(key)
      }
    },
    clear() {
      generation++
      entries.clear()
      making.clear()
      bytes = 0
    },
  }
}
