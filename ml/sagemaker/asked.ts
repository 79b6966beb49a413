/** What goes wrong when SageMaker is asked, in words that say who has to act. */
import { SageMakerServiceException } from '@aws-sdk/client-sagemaker'
import { MillraceError, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'

/** 4xx that say "later", not "no". */
const laterNames = ['ThrottlingException', 'Throttling', 'RequestTimeout', 'ServiceUnavailable']

/** What services of AWS call credentials that have expired, are unknown, or do not match. */
const credentialNames = [
  ...['ExpiredTokenException', 'ExpiredToken', 'UnrecognizedClientException'],
  ...['InvalidClientTokenId', 'InvalidSignatureException', 'SignatureDoesNotMatch'],
  ...['MissingAuthenticationTokenException', 'IncompleteSignature', 'RequestExpired'],
]

/**
 * The answer, or the failure explained.
 * @param operation what was asked for, as in "could not <operation>"
 * @throws `ml/refused`, `ml/sagemaker-unreachable`, `ml/no-credentials` or `ml/credentials-refused`
 */
export async function asked<Answer>(operation: string, answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer
  } catch (error) {
    throw explain(operation, error)
  }
}

function explain(operation: string, cause: unknown): unknown {
  if (cause instanceof MillraceError) return cause
  if (cause instanceof Error && cause.name === 'AbortError') return cause
  if (cause instanceof Error && cause.name === 'CredentialsProviderError') {
    return problem('ml/no-credentials', { operation }, { cause })
  }
  const reason = messageOf(cause)
  if (isRefusal(cause) && credentialNames.includes(cause.name)) {
    return problem('ml/credentials-refused', { operation, reason }, { cause })
  }
  return isRefusal(cause)
    ? problem('ml/refused', { operation, reason }, { cause })
    : problem('ml/sagemaker-unreachable', { operation, reason }, { cause })
}

/** Whether SageMaker said no, so that asking again would not help. */
function isRefusal(error: unknown): error is SageMakerServiceException {
  return (
    error instanceof SageMakerServiceException &&
    error.$fault === 'client' &&
    !laterNames.includes(error.name)
  )
}

/** Whether SageMaker said no because there is no such thing: it has a name for that only here and there. */
export function isMissing(error: unknown): boolean {
  if (!isRefusal(error)) return false
  return (
    error.name === 'ResourceNotFound' ||
    /^(Could not find|Requested resource not found|.* does not exist)/.test(error.message)
  )
}

/** The answer, undefined when there is no such thing. @throws as `asked` */
export async function askedIfThere<Answer>(
  operation: string,
  answer: Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    return await answer
  } catch (error) {
    if (isMissing(error)) return undefined
    throw explain(operation, error)
  }
}
