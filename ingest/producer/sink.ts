/** Where messages go. */
import type { Message } from './message.ts'

export interface MessageSink {
  /** Resolves when all of them are safe. One call at a time. */
  send(messages: readonly Message[]): Promise<void>
  /** Ends well: what was sent stays. */
  close(): Promise<void>
  /** Ends after a failure. */
  abandon(): Promise<void>
}
