/** Errors as RFC 9457 problem details: the catalogue's code and wording, never SQL, stack or address. */
import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Context } from 'hono'
import { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'

/** Answers with a problem; what is not ours becomes `api/internal`. */
export function problemResponse(
  context: Context,
  error: unknown,
  extra: Readonly<Record<string, unknown>> = {},
): Response {
  const shown = isForCallers(error) ? error : problem('api/internal', {})
  const requestId = String(context.get('requestId'))
  context.set('problemCode', shown.code)
  const headers = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-request-id': requestId,
  }
  const retry = shown.httpStatus === 503 ? { 'retry-after': '2' } : {}
  return new Response(JSON.stringify({ ...problemBody(shown, requestId), ...extra }), {
    status: shown.httpStatus,
    headers: { ...headers, ...retry },
  })
}

/** The answer to what is no request that the app could be handed: a host name or an address that is none. */
export function malformedRequest(
  record: (shown: MillraceError, requestId: string) => void,
): Response {
  const requestId = randomUUID()
  const shown = problem('api/malformed-request', {})
  record(shown, requestId)
  return new Response(JSON.stringify(problemBody(shown, requestId)), {
    status: shown.httpStatus,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-request-id': requestId,
    },
  })
}

/** The members of a problem; `api/openapi/problem-schema.ts` describes them. */
export function problemBody(shown: MillraceError, requestId: string) {
  return {
    type: `urn:millrace:problem:${shown.code}`,
    title: STATUS_CODES[shown.httpStatus] ?? 'Error',
    status: shown.httpStatus,
    detail: shown.message,
    code: shown.code,
    ...(shown.hint === undefined ? {} : { hint: shown.hint }),
    request_id: requestId,
  }
}

/** Other areas' messages may name servers and files, so only the API's own go out. */
export function isForCallers(error: unknown): error is MillraceError {
  return error instanceof MillraceError && error.code.startsWith('api/')
}
