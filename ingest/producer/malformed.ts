/** Ways to break a message. Each makes a dead letter, whatever reads it. */

import { type MalformedKind, malformedKinds } from './message.ts'
import type { Random } from './random.ts'
import type { SimulatedEvent } from './simulate.ts'

export type Broken = { readonly malformed: MalformedKind; readonly value: string | Buffer | null }

const noJson = ['', 'hello', '<event user="7"/>', 'user_id=7&action=login', '{user_id: 7}'] as const
const noObject = ['[1,2,3]', '42', '"login"', 'true', 'null'] as const
const wrongUserIds = ['"not-a-number"', '{"id":5}', '[]', '"7a"'] as const
const badTimestamps = [
  '"yesterday"',
  '"2024-13-45T99:00:00Z"',
  '"0x65c3"',
  '{"at":"noon"}',
] as const
const requiredFields = ['user_id', 'action', 'timestamp'] as const

/** Breaks an event in one of the ways, each as often. */
export function breakEvent(event: SimulatedEvent, random: Random): Broken {
  const malformed = malformedKinds[random.int(malformedKinds.length)] ?? 'not_json'
  return { malformed, value: brokenValue(malformed, event.text, random) }
}

function brokenValue(kind: MalformedKind, text: string, random: Random): string | Buffer | null {
  switch (kind) {
    case 'truncated':
      return text.slice(0, 1 + random.int(text.length - 1))
    case 'not_json':
      return random.pick(noJson)
    case 'not_an_object':
      return random.pick(noObject)
    case 'wrong_type':
      return withField(text, 'user_id', random.pick(wrongUserIds))
    case 'missing_field':
      return withField(text, random.pick(requiredFields), undefined)
    case 'null_field':
      return withField(text, random.pick(requiredFields), 'null')
    case 'bad_timestamp':
      return withField(text, 'timestamp', random.pick(badTimestamps))
    case 'invalid_utf8':
      return invalidUtf8(text)
    case 'null_value':
      return null
    default:
      return kind satisfies never
  }
}

/** Replaces a field of an event the simulator wrote; without a value the field is left out. */
function withField(text: string, field: string, value: string | undefined): string {
  const pattern = new RegExp(`"${field}":(?:\\d+|"[^"]*"),?`)
  const broken = text.replace(pattern, (found) => {
    if (value === undefined) return ''
    return `"${field}":${value}${found.endsWith(',') ? ',' : ''}`
  })
  return broken
}

/** A lone continuation byte and a cut-off sequence in the middle of the action. */
function invalidUtf8(text: string): Buffer {
  const bytes = Buffer.from(text)
  const at = bytes.indexOf('"action":"') + '"action":"'.length
  return Buffer.concat([bytes.subarray(0, at), Buffer.from([0xff, 0xc3, 0x28]), bytes.subarray(at)])
}
