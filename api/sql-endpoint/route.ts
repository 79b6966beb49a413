/** One SQL endpoint as a route. */
import type { Hono } from 'hono'
import type { ApiEnvironment } from '../http/environment.ts'
import type { PostgresSource } from '../sources/postgres-source.ts'
import { type Endpoint, pathParameters } from './parse-endpoint.ts'
import { readParameters } from './read-parameters.ts'
import { runEndpoint } from './run-endpoint.ts'

/** Adds the endpoint; HEAD is answered like GET, without the body. */
export function addSqlRoute(
  app: Hono<ApiEnvironment>,
  endpoint: Endpoint,
  postgres: Pick<PostgresSource, 'query'>,
): void {
  const { header } = endpoint
  const names = pathParameters(header.path)
  app.get(header.path.replaceAll(/\{([a-z0-9_]+)\}/g, ':$1'), async (context) => {
    const query = new URL(context.req.url).searchParams
    const path = new Map(names.map((name) => [name, context.req.param(name) ?? '']))
    const values = readParameters(header.parameters, query, path)
    const { body, truncated } = await runEndpoint(endpoint, values, postgres)
    const cache = header.cache_seconds === 0 ? 'no-store' : `max-age=${header.cache_seconds}`
    return context.body(body, 200, {
      'content-type': 'application/json',
      'cache-control': cache,
      ...(truncated ? { 'x-truncated': 'true' } : {}),
    })
  })
}
