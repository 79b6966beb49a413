/** What the producer sends, and how it counts it. */

const messageKinds = [
  'ordinary',
  'late',
  'out_of_order',
  'duplicate',
  'malformed',
  'oversized',
  'unknown_field',
] as const

type MessageKind = (typeof messageKinds)[number]

export const malformedKinds = [
  'truncated',
  'not_json',
  'not_an_object',
  'wrong_type',
  'missing_field',
  'null_field',
  'bad_timestamp',
  'invalid_utf8',
  'null_value',
] as const

export type MalformedKind = (typeof malformedKinds)[number]

export type Message = {
  /** The user's id as text: all messages of a user go to one partition, in order. */
  readonly key: string | null
  readonly value: string | Buffer | null
  readonly kind: MessageKind
  /** Only for kind `malformed`. */
  readonly malformed?: MalformedKind
  /** When the simulated user acted; the stream's own time is that of its newest event. */
  readonly at: number
}

export type MessageCounts = {
  messages: number
  bytes: number
  readonly kinds: Record<MessageKind, number>
  readonly malformed: Record<MalformedKind, number>
}

export function emptyCounts(): MessageCounts {
  return {
    messages: 0,
    bytes: 0,
    kinds: {
      ordinary: 0,
      late: 0,
      out_of_order: 0,
      duplicate: 0,
      malformed: 0,
      oversized: 0,
      unknown_field: 0,
    },
    malformed: {
      truncated: 0,
      not_json: 0,
      not_an_object: 0,
      wrong_type: 0,
      missing_field: 0,
      null_field: 0,
      bad_timestamp: 0,
      invalid_utf8: 0,
      null_value: 0,
    },
  }
}

/** Adds messages that were sent. */
export function countMessages(counts: MessageCounts, messages: readonly Message[]): void {
  for (const message of messages) {
    counts.messages += 1
    counts.bytes += message.value === null ? 0 : Buffer.byteLength(message.value)
    counts.kinds[message.kind] += 1
    if (message.malformed !== undefined) counts.malformed[message.malformed] += 1
  }
}
