/** Is the process alive, and does everything it needs answer? */
import type { Hono } from 'hono'
import { problem } from '../../core/problems.ts'
import type { ApiEnvironment } from './environment.ts'
import { problemResponse } from './problem-response.ts'

/** Resolves when the dependency answers, rejects when it does not. */
export type ReadinessCheck = () => Promise<unknown>

/** Adds `/livez` (this process) and `/readyz` (one entry per dependency; 503 names what is down). */
export function addHealthRoutes(
  app: Hono<ApiEnvironment>,
  checks: Readonly<Record<string, ReadinessCheck>>,
): void {
  app.get('/livez', (context) => {
    context.header('cache-control', 'no-store')
    return context.json({ status: 'alive' })
  })
  app.get('/readyz', async (context) => {
    const names = Object.keys(checks)
    const results = await Promise.allSettled(Object.values(checks).map((check) => check()))
    const states = Object.fromEntries(
      names.map((name, index) => [name, results[index]?.status === 'fulfilled' ? 'up' : 'down']),
    )
    const down = names.filter((name) => states[name] === 'down')
    if (down.length > 0) {
      return problemResponse(context, problem('api/not-ready', { down }), { checks: states })
    }
    context.header('cache-control', 'no-store')
    return context.json({ status: 'ready', checks: states })
  })
}
