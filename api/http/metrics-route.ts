/** `GET /metrics`: for a collector on the same machine, and for callers with a role of `api.metrics_roles`. */
import type { Context, Hono, MiddlewareHandler } from 'hono'
import { problem } from '../../core/problems.ts'
import { isHandedOn } from '../access/caller-address.ts'
import { hasRole } from '../access/principal.ts'
import type { ApiEnvironment } from './environment.ts'
import type { ApiMetrics } from './metrics.ts'

const loopbackAddress = /^(127\.|::1$|::ffff:127\.)/
const loopbackHost = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i

/** Answers collectors of this machine before anybody asks who they are. */
export function metricsForLoopback(metrics: ApiMetrics): MiddlewareHandler<ApiEnvironment> {
  return async (context, next) => {
    const isGet = context.req.method === 'GET'
    return isGet && isLocal(context) ? await answer(context, metrics) : await next()
  }
}

/** Adds the route. @param roles of which callers need one */
export function addMetricsRoute(
  app: Hono<ApiEnvironment>,
  metrics: ApiMetrics,
  roles: readonly string[],
): void {
  app.get('/metrics', (context) => {
    // An empty list lets nobody in here: the machine's own collectors have been answered.
    if (roles.length === 0 || !hasRole(context.get('principal'), roles)) {
      throw problem('api/forbidden', {})
    }
    return answer(context, metrics)
  })
}

/** What a proxy hands on is from elsewhere, and so is what a page with a made-up host name asks for. */
function isLocal(context: Context<ApiEnvironment>): boolean {
  const address = context.env?.incoming?.socket.remoteAddress ?? ''
  const header = (name: string) => context.req.header(name)
  const isOwn = loopbackAddress.test(address) && loopbackHost.test(header('host') ?? '')
  return isOwn && !isHandedOn(header)
}

async function answer(context: Context<ApiEnvironment>, metrics: ApiMetrics): Promise<Response> {
  return context.body(await metrics.text(), 200, {
    'content-type': metrics.contentType,
    'cache-control': 'no-store',
  })
}
