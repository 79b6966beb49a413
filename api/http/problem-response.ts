/** Errors as RFC 9457 problem details: the catalogue's code and wording, never SQL, stack or address. */
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
  const requestId: unknown = context.get('requestId')
  const body = {
    type: `urn:millrace:problem:${shown.code}`,
    title: STATUS_CODES[shown.httpStatus] ?? 'Error',
    status: shown.httpStatus,
    detail: shown.message,
    code: shown.code,
    ...(shown.hint === undefined ? {} : { hint: shown.hint }),
    request_id: requestId,
    ...extra,
  }
  const headers = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-request-id': String(requestId),
  }
  const retry = shown.httpStatus === 503 ? { 'retry-after': '2' } : {}
  return new Response(JSON.stringify(body), {
    status: shown.httpStatus,
    headers: { ...headers, ...retry },
  })
}

/** Other areas' messages may name servers and files, so only the API's own go out. */
export function isForCallers(error: unknown): error is MillraceError {
  return error instanceof MillraceError && error.code.startsWith('api/')
}
