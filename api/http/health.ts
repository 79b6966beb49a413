/** Is the process alive, and does everything it needs answer? */
import type { Hono } from 'hono'
import { problem } from '../../core/problems.ts'
import type { ApiEnvironment } from './environment.ts'
import { problemResponse } from './problem-response.ts'

/** Resolves when the dependency answers, rejects when it does not. */
type ReadinessCheck = () => Promise<unknown>

export type ReadinessChecks = {
  /** Without one of these no request can be answered. */
  readonly checks: Readonly<Record<string, ReadinessCheck>>
  /** What is down here is named, and the rest is served. */
  readonly optionalChecks?: Readonly<Record<string, ReadinessCheck>> | undefined
  /** The process has been told to end. */
  readonly isStopping?: (() => boolean) | undefined
}

type State = 'up' | 'down'
type States = Readonly<Record<string, State>>

const checkMs = 2000
const keptMs = 1000

/** Adds `/livez` (this process) and `/readyz` (one entry per dependency; 503 names what is down). */
export function addHealthRoutes(app: Hono<ApiEnvironment>, health: ReadinessChecks): void {
  app.get('/livez', (context) => {
    context.header('cache-control', 'no-store')
    return context.json({ status: 'alive' })
  })
  const look = shared(() => checkAll({ ...health.optionalChecks, ...health.checks }))
  app.get('/readyz', async (context) => {
    if (health.isStopping?.() === true) return problemResponse(context, problem('api/stopping', {}))
    const states = await look()
    const down = Object.keys(health.checks).filter((name) => states[name] === 'down')
    if (down.length > 0) {
      return problemResponse(context, problem('api/not-ready', { down }), { checks: states })
    }
    context.header('cache-control', 'no-store')
    return context.json({ status: 'ready', checks: states })
  })
}

async function checkAll(checks: Readonly<Record<string, ReadinessCheck>>): Promise<States> {
  const entries = Object.entries(checks).map(
    async ([name, check]) => [name, await stateOf(check)] as const,
  )
  return Object.fromEntries(await Promise.all(entries))
}

/** No answer within two seconds is none. */
async function stateOf(check: ReadinessCheck): Promise<State> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<State>((resolve) => {
    timer = setTimeout(() => resolve('down'), checkMs)
  })
  try {
    return await Promise.race([check().then(() => 'up' as const), late])
  } catch {
    return 'down'
  } finally {
    clearTimeout(timer)
  }
}

/** Many may ask at once, and often: they share one look, and good news is kept for a second. */
function shared(look: () => Promise<States>): () => Promise<States> {
  let kept: Promise<States> | undefined
  const forget = () => {
    kept = undefined
  }
  return () => {
    kept ??= look().then((states) => {
      if (Object.values(states).includes('down')) forget()
      else setTimeout(forget, keptMs).unref()
      return states
    })
    return kept
  }
}
