/** What the routes of SQL endpoints work with. */
import type { Clock } from '../../core/clock.ts'
import type { CursorSeal } from '../tables/cursor.ts'
import { type AnswerCache, createAnswerCache } from './answer-cache.ts'
import { checkEndpoint, checkEndpoints, type EndpointSources } from './check-endpoints.ts'
import type { Endpoint } from './parse-endpoint.ts'
import { createServedEndpoint, type ServedEndpoint } from './served-endpoint.ts'

/** An answer as it is sent, but for what depends on the caller. */
export type ReadyAnswer = {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

export interface EndpointService {
  readonly endpoints: readonly ServedEndpoint[]
  readonly sources: EndpointSources
  readonly seal: CursorSeal
  readonly cache: AnswerCache<ReadyAnswer>
  /** Tries all of them against the database; `server` names it in messages. @throws as `checkEndpoints` */
  check(server: string): Promise<void>
  /** Tables have changed: nothing that was kept counts any more. */
  onPublish(): void
}

export type EndpointServiceOptions = {
  readonly endpoints: readonly Endpoint[]
  readonly sources: EndpointSources
  readonly seal: CursorSeal
  readonly cacheBytes: number
  readonly clock: Pick<Clock, 'now'>
}

/** Nothing is asked of the database until `check` or the first request. */
export function openEndpointService(options: EndpointServiceOptions): EndpointService {
  const { sources, seal, cacheBytes, clock } = options
  const endpoints = options.endpoints.map((endpoint) =>
    createServedEndpoint(endpoint, (one) => checkEndpoint(one, sources)),
  )
  // Most bodies are plain ASCII, of which a character is one byte.
  const sizeOf = ({ body }: ReadyAnswer) => body.length
  const cache = createAnswerCache<ReadyAnswer>({ maxBytes: cacheBytes, sizeOf, clock })
  return {
    endpoints,
    sources,
    seal,
    cache,
    async check(server) {
      const byEndpoint = new Map(endpoints.map((served) => [served.endpoint, served]))
      const all = endpoints.map(({ endpoint }) => endpoint)
      await checkEndpoints(all, async (one) => await byEndpoint.get(one)?.checkAgain(), server)
    },
    onPublish: () => cache.clear(),
  }
}
