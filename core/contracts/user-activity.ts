/**
 * The user-activity event: what a message on the topic holds, and the columns it lands as. Producer, landing
 * and models agree on this file.
 */
import { z } from 'zod'

/** One message as JSON. Only the first three fields are needed; unknown fields are kept, never refused. */
export const userActivityEventSchema = z.looseObject({
  user_id: z.int().describe('Who acted'),
  action: z.string().min(1).describe('What they did: see `userActions`'),
  timestamp: z.iso.datetime({ offset: true }).describe('When they did it (event time)'),
  event_id: z
    .string()
    .optional()
    .describe('Unique name of the event; a second message with it is a duplicate'),
  session_id: z.string().optional().describe('Groups the actions of one visit'),
  product_id: z.int().optional().describe('The product that was viewed, carted or bought'),
  details: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Anything else, for example quantity and price_cents'),
})

export type UserActivityEvent = z.infer<typeof userActivityEventSchema>

/** The actions the simulator makes; others are valid too. */
export const userActions = [
  'login',
  'search',
  'view_product',
  'add_to_cart',
  'remove_from_cart',
  'checkout',
  'purchase',
  'logout',
] as const

export type TopicColumn = {
  readonly name: string
  /** A DuckDB type. */
  readonly type: 'BIGINT' | 'VARCHAR' | 'TIMESTAMPTZ' | 'JSON'
  /** A message without it, or with null in it, is a dead letter. */
  readonly required: boolean
}

/** How the messages of a topic become rows. */
export type TopicSchema = {
  /** Stands in the ledger; a change of columns is a new id. */
  readonly id: string
  readonly columns: readonly TopicColumn[]
  /** The column that holds event time. */
  readonly eventTime: string
}

export const userActivitySchema: TopicSchema = {
  id: 'user-activity-1',
  eventTime: 'timestamp',
  columns: [
    { name: 'user_id', type: 'BIGINT', required: true },
    { name: 'action', type: 'VARCHAR', required: true },
    { name: 'timestamp', type: 'TIMESTAMPTZ', required: true },
    { name: 'event_id', type: 'VARCHAR', required: false },
    { name: 'session_id', type: 'VARCHAR', required: false },
    { name: 'product_id', type: 'BIGINT', required: false },
    { name: 'details', type: 'JSON', required: false },
  ],
}

/**
 * Columns that follow the topic's own in landing files and in `raw.<topic>`: unknown fields as one JSON object
 * (NULL when there are none), then where the message stood in Kafka.
 */
export const lineageColumns = [
  { name: '_extra', type: 'JSON' },
  { name: '_key', type: 'VARCHAR' },
  { name: '_topic', type: 'VARCHAR' },
  { name: '_partition', type: 'INTEGER' },
  { name: '_offset', type: 'BIGINT' },
  { name: '_kafka_timestamp', type: 'TIMESTAMPTZ' },
  { name: '_landed_at', type: 'TIMESTAMPTZ' },
] as const

/**
 * Columns of a dead-letter file and of `ops.dead_letters`: the message's bytes as they came, where it stood,
 * and why it is no event.
 */
export const deadLetterColumns = [
  { name: '_topic', type: 'VARCHAR' },
  { name: '_partition', type: 'INTEGER' },
  { name: '_offset', type: 'BIGINT' },
  { name: '_kafka_timestamp', type: 'TIMESTAMPTZ' },
  { name: '_key', type: 'BLOB' },
  { name: 'value', type: 'BLOB' },
  { name: 'reason', type: 'VARCHAR' },
  { name: '_landed_at', type: 'TIMESTAMPTZ' },
] as const
