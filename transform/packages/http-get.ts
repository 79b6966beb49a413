/** Fetches over HTTP with patience: what may pass is tried again, what is too large or too slow is not waited for. */

import type { Clock } from '../../core/clock.ts'
import { MillraceError, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'

export type HttpOptions = {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Takes secrets out of what is printed. */
  readonly hide: (text: string) => string
  /** Milliseconds without a byte before a try counts as failed. */
  readonly idleMs?: number
  /** Pauses before each further try, in milliseconds. */
  readonly pausesMs?: readonly number[]
  readonly maxBytes?: number
  /** Told before a pause. */
  readonly onRetry?: (url: string, reason: string, pauseMs: number) => void
}

const defaults = {
  idleMs: 30_000,
  pausesMs: [500, 1_000, 2_000, 4_000, 8_000], // dbt tries as often, a second apart
  maxBytes: 64 * 1024 * 1024,
}

/**
 * The body of an answer.
 * @param check throws when the body cannot be right, which counts as a failed try
 * @throws `packages/unreachable` after the last try, `packages/absent` and `packages/refused`
 *   for an answer that says no, `packages/too-large`
 */
export async function httpGet<T>(
  url: string,
  options: HttpOptions,
  check: (body: Buffer) => T,
): Promise<T> {
  const pauses = options.pausesMs ?? defaults.pausesMs
  for (let attempt = 0; ; attempt++) {
    try {
      return check(await getOnce(url, options))
    } catch (error) {
      options.signal.throwIfAborted()
      const failure = asProblem(error, url, options)
      const pauseMs = pauses[attempt]
      if (!failure.retryable || pauseMs === undefined) throw failure
      options.onRetry?.(options.hide(url), failure.message, pauseMs)
      await options.clock.sleep(pauseMs, options.signal)
    }
  }
}

function asProblem(error: unknown, url: string, { hide }: HttpOptions): MillraceError {
  if (error instanceof MillraceError) return error
  // fetch says only "fetch failed" itself; its cause tells why.
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const reason = hide(messageOf(cause) || messageOf(error))
  return problem('packages/unreachable', { url: hide(url), reason }, { cause: error })
}

async function getOnce(text: string, options: HttpOptions): Promise<Buffer> {
  const { url, headers } = withoutUser(text, options.hide)
  const idleMs = options.idleMs ?? defaults.idleMs
  const idle = new AbortController()
  const giveUp = () => idle.abort(new Error(`no byte came for ${idleMs / 1_000} s`))
  let timer = setTimeout(giveUp, idleMs)
  try {
    const signal = AbortSignal.any([options.signal, idle.signal])
    const answer = await fetch(url, { signal, headers })
    if (!answer.ok) throw refusalOf(options.hide(text), answer.status)
    return await readBody(answer, options, () => {
      clearTimeout(timer)
      timer = setTimeout(giveUp, idleMs)
    })
  } finally {
    clearTimeout(timer)
  }
}

async function readBody(answer: Response, options: HttpOptions, onBytes: () => void) {
  const maxBytes = options.maxBytes ?? defaults.maxBytes
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of answer.body ?? []) {
    onBytes()
    parts.push(part)
    size += part.length
    if (size <= maxBytes) continue
    throw problem('packages/too-large', { url: options.hide(answer.url), maxBytes })
  }
  return Buffer.concat(parts)
}

function refusalOf(url: string, status: number): MillraceError {
  if (status === 404 || status === 410) return problem('packages/absent', { url })
  const mayPass = status >= 500 || status === 408 || status === 429
  return mayPass
    ? problem('packages/unreachable', { url, reason: `it answered with HTTP ${status}` })
    : problem('packages/refused', { url, status })
}

/** fetch takes no `user:password@` in an address. */
function withoutUser(text: string, hide: (text: string) => string) {
  if (!/^https?:/.test(text) || !URL.canParse(text)) {
    throw problem('packages/bad-entry', { reason: `${hide(text)} is no address of the web` })
  }
  const url = new URL(text)
  const { username, password } = url
  if (username === '' && password === '') return { url, headers: {} }
  url.username = ''
  url.password = ''
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { url, headers: { authorization: `Basic ${Buffer.from(user).toString('base64')}` } }
}
