/** How one entry of the problem catalogue is written down. */

/** Who has to act; it decides the exit code (1 model, 2 user, 3 outside, 70 us). */
export type Actor = 'model' | 'user' | 'outside' | 'us'

export type ProblemDefinition<Parameters> = {
  readonly actor: Actor
  /** What happened, in the reader's words, with names and values. */
  readonly message: (parameters: Parameters) => string
  /** What to do next. */
  readonly hint?: (parameters: Parameters) => string
  /** Safe to try again without changing anything. Default: true only for actor `outside`. */
  readonly retryable?: boolean
  /** HTTP status when the API answers with it. Default 500 (503 for actor `outside`). */
  readonly httpStatus?: number
}

/** Declares one problem; the type parameter names what its wording needs. */
export function defineProblem<Parameters>(
  definition: ProblemDefinition<Parameters>,
): ProblemDefinition<Parameters> {
  return definition
}
