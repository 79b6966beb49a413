/** Node's answer, with the headers that every answer has: an app that adds them copies all others once more. */
import {
  type IncomingMessage,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
  ServerResponse,
} from 'node:http'
import type { Context } from 'hono'
import type { ApiEnvironment } from './environment.ts'

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[]

/** Those of OWASP's list that a browser of today heeds. No answer is a page: one that is brings a policy of its own. */
export const headersOfEveryAnswer: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=15552000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

export class ApiResponse<
  Request extends IncomingMessage = IncomingMessage,
> extends ServerResponse<Request> {
  #announced: Record<string, string> = {}
  /** Status of what was sent instead, because the rest of the request was refused. */
  replacedBy: number | undefined

  /** Adds headers, names in lower case; what the answer says itself goes before them. */
  announce(headers: Readonly<Record<string, string>>): void {
    Object.assign(this.#announced, headers)
  }

  /** As it was announced. */
  get requestId(): string | undefined {
    return this.#announced['x-request-id']
  }

  override writeHead(statusCode: number, headers?: Headers): this
  override writeHead(statusCode: number, statusMessage?: string, headers?: Headers): this
  override writeHead(statusCode: number, second?: string | Headers, third?: Headers): this {
    const own = typeof second === 'string' ? third : second
    // A list would be pairs, which nobody here writes.
    const headers = Array.isArray(own)
      ? own
      : { ...headersOfEveryAnswer, ...this.#announced, ...own }
    return typeof second === 'string'
      ? super.writeHead(statusCode, second, headers)
      : super.writeHead(statusCode, headers)
  }
}

/** Adds headers to the answer of a request; to the app's own, where it is asked without a server. */
export function announce(
  context: Context<ApiEnvironment>,
  response: Response,
  headers: Readonly<Record<string, string>>,
): void {
  const outgoing = context.env?.outgoing
  if (outgoing instanceof ApiResponse) {
    outgoing.announce(headers)
    return
  }
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value)
}
