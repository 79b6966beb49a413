/** kafkajs' admin client, opened for one piece of work, its failures told in our words. */
import type { Admin, Kafka } from 'kafkajs'
import { MillraceError, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'

/** A client and the addresses it was made with, for messages. */
export type KafkaTarget = { readonly kafka: Kafka; readonly brokers: readonly string[] }

/** Runs `work` with a connected admin client. @throws `kafka/unreachable` */
export async function withAdmin<T>(
  target: KafkaTarget,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  // Few tries of kafkajs' own: where waiting makes sense the callers wait, and say for what.
  const admin = target.kafka.admin({ retry: { retries: 3, initialRetryTime: 200 } })
  try {
    await admin.connect()
    return await work(admin)
  } catch (cause) {
    if (cause instanceof MillraceError || !isKafkaError(cause)) throw cause
    const parameters = { brokers: target.brokers.join(','), reason: messageOf(cause) }
    throw problem('kafka/unreachable', parameters, { cause })
  } finally {
    await admin.disconnect().catch(() => {})
  }
}

/** By name: kafkajs' error classes cannot be imported from an ES module. */
export function isKafkaError(error: unknown): error is Error {
  return error instanceof Error && error.name.startsWith('KafkaJS')
}

/** Kafka's name of an error, such as `UNKNOWN_TOPIC_OR_PARTITION`; looks into causes and aggregates. */
export function kafkaErrorType(error: unknown): string | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ('type' in current && typeof current.type === 'string') return current.type
    const inner = innerErrors(current)[0]
    if (inner !== undefined) return kafkaErrorType(inner)
  }
  return undefined
}

/** Why it failed, in one line; an aggregate says all of its reasons. */
export function kafkaReason(error: unknown): string {
  const inner = innerErrors(error)
  return inner.length === 0 ? messageOf(error) : inner.map(messageOf).join('; ')
}

function innerErrors(error: unknown): readonly unknown[] {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors)
    ? error.errors
    : []
}
