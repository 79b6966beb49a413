/** What SageMaker answers instead of doing what was asked, as its SDKs know it. */

export type RefusalType =
  | 'ValidationException'
  | 'ResourceInUse'
  | 'ResourceNotFound'
  | 'ResourceLimitExceeded'
  | 'ConflictException'
  | 'UnknownOperationException'
  | 'SerializationException'
  | 'MissingAuthenticationTokenException'
  | 'IncompleteSignatureException'
  | 'UnrecognizedClientException'
  | 'RequestEntityTooLargeException'
  /** Of the runtime. */
  | 'ValidationError'
  | 'ModelError'
  | 'ServiceUnavailable'
  | 'ThrottlingException'
  | 'InternalFailure'

/** Not a problem of Millrace: it goes over the wire to whoever called, in SageMaker's form. */
export class Refusal extends Error {
  readonly type: RefusalType
  readonly status: number
  /** Members beside the message. */
  readonly details: Readonly<Record<string, string | number>>

  constructor(
    type: RefusalType,
    message: string,
    status = 400,
    details: Readonly<Record<string, string | number>> = {},
  ) {
    super(message)
    this.type = type
    this.status = status
    this.details = details
  }
}

/** A `ValidationException`: what most operations answer, also for what is not there. */
export function invalid(message: string): Refusal {
  return new Refusal('ValidationException', message)
}
