/** A value that must not be printed: every way of turning it into text says `[redacted]`, save `reveal()`. */
import { inspect } from 'node:util'

const redacted = '[redacted]'

export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The text itself; call it only where it is handed to a client. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return redacted
  }

  toJSON(): string {
    return redacted
  }

  [inspect.custom](): string {
    return redacted
  }
}
