import { describe, expect, it } from 'vitest'
import { isKafkaError, kafkaErrorType, kafkaReason } from '../../../../ingest/topics/admin.ts'

/** An error as kafkajs makes them. */
function kafkaError(message: string, fields: object = {}): Error {
  return Object.assign(new Error(message), { name: 'KafkaJSProtocolError' }, fields)
}

describe('an error of kafkajs', () => {
  it('is told by its name', () => {
    expect(isKafkaError(kafkaError('x'))).toBe(true)
    expect(isKafkaError(new TypeError('x'))).toBe(false)
  })

  it('has Kafka’s name for it, also inside a cause or an aggregate', () => {
    const inner = kafkaError('exists', { type: 'TOPIC_ALREADY_EXISTS' })
    expect(kafkaErrorType(inner)).toBe('TOPIC_ALREADY_EXISTS')
    expect(kafkaErrorType(kafkaError('gave up', { cause: inner }))).toBe('TOPIC_ALREADY_EXISTS')
    expect(kafkaErrorType(kafkaError('some', { errors: [inner] }))).toBe('TOPIC_ALREADY_EXISTS')
    expect(kafkaErrorType(new Error('else'))).toBeUndefined()
  })

  it('says all reasons of an aggregate', () => {
    const errors = [kafkaError('a is bad'), kafkaError('b is bad')]
    expect(kafkaReason(kafkaError('Topic errors', { errors }))).toBe('a is bad; b is bad')
    expect(kafkaReason(kafkaError('a is bad'))).toBe('a is bad')
  })
})
