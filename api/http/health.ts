/** Is the process alive, and does everything it needs answer? */
import type { Hono } from 'hono'
import { problem } from '../../core/problems.ts'
import type { ApiEnvironment } from './environment.ts'
import { problemResponse } from './problem-response.ts'

/** `absent`: nothing is deployed that could answer; `unknown`: it was never asked. */
type State = 'up' | 'down' | 'absent' | 'unknown'

export type Standing = {
  readonly state: State
  /** Since it was last read or asked, where what it said then is what counts. */
  readonly ageSeconds?: number | undefined
}

/** Resolves when the dependency answers, rejects when it does not. */
type ReadinessCheck = () => Promise<unknown>

/** The same, or what is known of the dependency. */
export type OptionalCheck = () => Promise<Standing | undefined>

export type ReadinessChecks = {
  /** Without one of these no request can be answered. */
  readonly checks: Readonly<Record<string, ReadinessCheck>>
  /** What does not answer here is named, and the rest is served. */
  readonly optionalChecks?: Readonly<Record<string, OptionalCheck>> | undefined
  /** The process has been told to end. */
  readonly isStopping?: (() => boolean) | undefined
}

type Standings = Readonly<Record<string, Standing>>

const checkMs = 2000
const keptMs = 1000

/** Adds `/livez` (this process) and `/readyz` (one entry per dependency; 503 names what is down). */
export function addHealthRoutes(app: Hono<ApiEnvironment>, health: ReadinessChecks): void {
  app.get('/livez', (context) => {
    context.header('cache-control', 'no-store')
    return context.json({ status: 'alive' })
  })
  const look = shared(lookAtAll(health))
  app.get('/readyz', async (context) => {
    if (health.isStopping?.() === true) return problemResponse(context, problem('api/stopping', {}))
    const standings = await look()
    const shown = show(standings)
    const down = Object.keys(health.checks).filter((name) => standings[name]?.state === 'down')
    if (down.length > 0) {
      return problemResponse(context, problem('api/not-ready', { down }), shown)
    }
    context.header('cache-control', 'no-store')
    const isWhole = Object.values(standings).every(({ state }) => sound.has(state))
    return context.json({ status: isWhole ? 'ready' : 'degraded', ...shown })
  })
}

/** What was never asked has not failed either. */
const sound: ReadonlySet<State> = new Set(['up', 'unknown'])

/** States by name, and ages in seconds of those that have one. */
function show(standings: Standings) {
  const entries = Object.entries(standings)
  const aged = entries.flatMap(([name, { ageSeconds: age }]) =>
    age === undefined ? [] : [[name, Math.round(age)] as const],
  )
  return {
    checks: Object.fromEntries(entries.map(([name, { state }]) => [name, state])),
    ...(aged.length === 0 ? {} : { age_seconds: Object.fromEntries(aged) }),
  }
}

/** A look that has not ended is waited for again, so that what hangs is not asked more and more. */
function lookAtAll({ checks, optionalChecks }: ReadinessChecks): () => Promise<Standings> {
  const required = Object.entries(checks).map(
    ([name, check]) => [name, () => check().then(() => undefined)] as const,
  )
  const all = [...required, ...Object.entries(optionalChecks ?? {})]
  const looks = all.map(([name, check]) => [name, oneAtATime(check)] as const)
  return async () => {
    const entries = looks.map(async ([name, check]) => [name, await standingOf(check)] as const)
    return Object.fromEntries(await Promise.all(entries))
  }
}

function oneAtATime(check: OptionalCheck): OptionalCheck {
  let running: ReturnType<OptionalCheck> | undefined
  return () => {
    running ??= check().finally(() => {
      running = undefined
    })
    return running
  }
}

/** No answer within two seconds is none. */
async function standingOf(check: OptionalCheck): Promise<Standing> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Standing>((resolve) => {
    timer = setTimeout(() => resolve({ state: 'down' }), checkMs)
  })
  try {
    return await Promise.race([check().then((found) => found ?? { state: 'up' as const }), late])
  } catch {
    return { state: 'down' }
  } finally {
    clearTimeout(timer)
  }
}

/** Many may ask at once, and often: they share one look, and good news is kept for a second. */
function shared(look: () => Promise<Standings>): () => Promise<Standings> {
  let kept: Promise<Standings> | undefined
  const forget = () => {
    kept = undefined
  }
  return () => {
    kept ??= look().then((standings) => {
      if (Object.values(standings).some(({ state }) => state === 'down')) forget()
      else setTimeout(forget, keptMs).unref()
      return standings
    })
    return kept
  }
}
