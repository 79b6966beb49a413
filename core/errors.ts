/**
 * The one error class of Millrace. Every failure a reader can meet is a `MillraceError` whose code stands
 * in the catalogue (`core/problems.ts`); anything else that is thrown is a bug of ours (exit code 70).
 */
/** A place in a file the reader can open: 1-based line and column. */
export type Position = { readonly file: string; readonly line?: number; readonly column?: number }

export type MillraceErrorFields = {
  readonly code: string
  readonly message: string
  readonly hint: string | undefined
  readonly exitCode: number
  readonly httpStatus: number
  readonly retryable: boolean
  readonly at: Position | undefined
  readonly cause: unknown
}

export class MillraceError extends Error {
  readonly code: string
  readonly hint: string | undefined
  readonly exitCode: number
  readonly httpStatus: number
  readonly retryable: boolean
  readonly at: Position | undefined

  constructor(fields: MillraceErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause })
    this.name = 'MillraceError'
    this.code = fields.code
    this.hint = fields.hint
    this.exitCode = fields.exitCode
    this.httpStatus = fields.httpStatus
    this.retryable = fields.retryable
    this.at = fields.at
  }
}

/** Tells whether an error is ours and carries the given code. */
export function isProblem(error: unknown, code?: string): error is MillraceError {
  return error instanceof MillraceError && (code === undefined || error.code === code)
}

/** Finds the first error in a chain of causes for which the test holds. */
export function findCause(error: unknown, test: (error: Error) => boolean): Error | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (test(current)) return current
    if (current instanceof AggregateError) {
      for (const inner of current.errors) {
        const found = findCause(inner, test)
        if (found !== undefined) return found
      }
    }
  }
  return undefined
}

/** The message of anything that was thrown, in one line. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(messageOf).join('; ')
  }
  return error instanceof Error ? error.message : String(error)
}
