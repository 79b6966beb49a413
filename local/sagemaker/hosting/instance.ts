/** One instance of a variant: a process that runs `serve`, asked whether it is well, and started again when it is not. */
import { mkdirSync } from 'node:fs'
import { Agent } from 'node:http'
import { systemClock } from '../../../core/clock.ts'
import { anyFreePort, host } from '../../ports.ts'
import { type Container, type ContainerRequest, runContainer } from '../container/run-container.ts'

export interface Instance {
  readonly agent: Agent
  port(): number
  isHealthy(): boolean
  /** Requests that it works on now. */
  inFlight: number
  /** Called when it refused a connection: it gets no request until it has answered a ping, asked for at once. */
  suspect(): void
  /** Asks it right now whether it is well. */
  answers(): Promise<boolean>
  /** Resolves true when it answers /ping for the first time, false when it will not. */
  readonly firstHealthy: Promise<boolean>
  stop(): Promise<void>
}

export type InstanceRequest = {
  readonly container: Omit<ContainerRequest, 'env' | 'baseDir'>
  readonly env: Readonly<Record<string, string>>
  readonly baseDir: string
  /** Until the first answer to /ping. */
  readonly pingMs: number
  readonly graceMs: number
}

const pingTimeoutMs = 2_000
const startPollMs = 50
const healthPollMs = 5_000
const suspectPollMs = 200
/** So many unanswered pings, and the process is started again. */
const maxMissed = 3
/** A container that ends so often before its first answer will not get better. */
const maxEarlyEnds = 3
const firstPauseMs = 200
const maxPauseMs = 10_000

/** Starts an instance and keeps it alive until it is stopped. */
export function startInstance(request: InstanceRequest): Instance {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 })
  const over = new AbortController()
  let [container, port, healthy] = [undefined as Container | undefined, 0, false]
  let settle: (healthy: boolean) => void = () => {}
  const firstHealthy = new Promise<boolean>((resolve) => {
    settle = resolve
  })
  /** Ends the pause before the next ping. */
  let suspicion = new AbortController()
  mkdirSync(request.baseDir, { recursive: true })

  async function keepAlive(): Promise<void> {
    const deadline = systemClock.now() + request.pingMs
    let pauseMs = firstPauseMs
    let [answered, earlyEnds] = [false, 0]
    const timer = setTimeout(() => answered || settle(false), request.pingMs)
    while (!over.signal.aborted) {
      port = await anyFreePort()
      container = runContainer({
        ...request.container,
        baseDir: request.baseDir,
        env: { ...request.env, SAGEMAKER_BIND_TO_PORT: String(port) },
      })
      const until = answered ? Number.POSITIVE_INFINITY : deadline
      if (await becomesHealthy(container, port, until, over.signal)) {
        healthy = answered = true
        pauseMs = firstPauseMs
        settle(true)
        await whileHealthy(container)
        healthy = false
      }
      if (!container.hasEnded()) await container.stop(request.graceMs)
      if (!answered && (++earlyEnds >= maxEarlyEnds || systemClock.now() > deadline)) break
      await systemClock.sleep(pauseMs, over.signal).catch(() => {}) // stopped: the loop ends
      pauseMs = Math.min(pauseMs * 2, maxPauseMs)
    }
    clearTimeout(timer)
    settle(false)
  }

  /** Resolves when it ended, or no longer answers. */
  async function whileHealthy(current: Container): Promise<void> {
    let missed = 0
    const gone = current.ended.then(() => 'gone' as const)
    while (missed < maxMissed && !over.signal.aborted) {
      suspicion = new AbortController()
      const either = AbortSignal.any([over.signal, suspicion.signal])
      const pauseMs = healthy ? healthPollMs : suspectPollMs
      const pause = systemClock.sleep(pauseMs, either).catch(() => {}) // stopped, or suspected
      if ((await Promise.race([pause, gone])) === 'gone') return
      const answers = await answersPing(port)
      missed = answers ? 0 : missed + 1
      if (answers) healthy = true
    }
  }

  const running = keepAlive()
  return {
    agent,
    firstHealthy,
    inFlight: 0,
    port: () => port,
    isHealthy: () => healthy && container?.hasEnded() === false,
    answers: async () => container?.hasEnded() === false && (await answersPing(port)),
    suspect: () => {
      healthy = false
      suspicion.abort()
    },
    async stop() {
      over.abort()
      healthy = false
      await container?.stop(request.graceMs)
      await running
      agent.destroy()
    },
  }
}

async function becomesHealthy(
  container: Container,
  port: number,
  deadline: number,
  signal: AbortSignal,
): Promise<boolean> {
  while (!container.hasEnded() && !signal.aborted && systemClock.now() < deadline) {
    if (await answersPing(port)) return !container.hasEnded()
    await systemClock.sleep(startPollMs)
  }
  return false
}

async function answersPing(port: number): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(pingTimeoutMs)
    const answer = await fetch(`http://${host}:${port}/ping`, { signal })
    await answer.arrayBuffer()
    return answer.status === 200
  } catch {
    return false
  }
}
