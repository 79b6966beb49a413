/** One child process as the API sees it: ask it, read its answer, stop what it does, and kill it when it does not stop. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { chown } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import type { Clock } from '../../core/clock.ts'
import { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { runsFromSources, shippedFile } from '../../core/shipped-file.ts'
import { type Confinement, confinedCommand, type Limits, toolPath } from './confine.ts'
import type { ChildOptions, FromChild, QueryRequest, ToChild } from './protocol.ts'
import { type Frame, readFrames } from './read-frames.ts'

/** What a child runs. */
export const childEntry = shippedFile(
  runsFromSources ? 'api/ad-hoc/child/main.ts' : 'api/ad-hoc-child.js',
)

export type ChildSettings = {
  readonly options: ChildOptions
  readonly limits: Limits
  readonly confinement: Confinement
  /** All of the child's environment beside what it needs to start. */
  readonly environment: Readonly<Record<string, string>>
  /** Milliseconds it has to open the lake. */
  readonly startMs: number
  /** Milliseconds from an interrupt to SIGKILL. */
  readonly stopMs: number
  readonly clock: Clock
}

export type Head = Extract<FromChild, { kind: 'answer' }>
export type Usage = Omit<Extract<FromChild, { kind: 'end' }>, 'kind'>

export type ChildAnswer = {
  readonly head: Head
  /** Fails when the time is over; cancel it to give the child back early. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>
}

export type Child = {
  readonly pid: number | undefined
  /** Why it is of no more use; undefined: it is. */
  readonly broken: () => string | undefined
  /** Resolves when the process is gone, with what it had written to stderr last. */
  readonly exited: Promise<string>
  /**
   * Runs a query; only one at a time.
   * @param onDone called once, when the child is free again or gone
   * @returns undefined when the child was gone before it began
   * @throws `api/sql-*`, `api/timeout`; the signal's reason when the caller left
   */
  readonly ask: (
    request: QueryRequest,
    call: {
      readonly signal: AbortSignal
      readonly timeoutMs: number
      readonly onDone: (usage: Usage | undefined) => void
    },
  ) => Promise<ChildAnswer | undefined>
  readonly kill: () => void
}

type Piped = ChildProcessByStdio<Writable, Readable, Readable>

/** Starts a child and waits until it has opened the lake. @throws an error with the child's reason, for the log */
export async function startChild(settings: ChildSettings): Promise<Child> {
  const { options, confinement } = settings
  mkdirSync(options.scratch, { recursive: true, mode: 0o700 })
  const { uid } = confinement
  if (uid !== undefined) await chown(options.scratch, uid, uid)
  const child = spawnChild(settings)
  const exited = untilGone(child).finally(() =>
    rmSync(options.scratch, { recursive: true, force: true }),
  )
  const frames = readFrames(child.stdout)
  const timer = setTimeout(() => child.kill('SIGKILL'), settings.startMs)
  try {
    tell(child, { kind: 'open', options })
    const frame = await nextOf(frames)
    if (frame?.kind === 'message' && frame.message.kind === 'ready') {
      return toChild(child, frames, exited, settings)
    }
    child.kill('SIGKILL')
    const failed = frame?.kind === 'message' && frame.message.kind === 'failed'
    throw new Error(failed ? frame.message.reason : `it ended: ${await exited}`)
  } finally {
    clearTimeout(timer)
  }
}

function spawnChild({ limits, confinement, environment, options }: ChildSettings): Piped {
  // Without the handler WebAssembly reserves no address space; nothing here uses it.
  const flags = ['--max-old-space-size=512', '--disable-wasm-trap-handler']
  const command = [process.execPath, ...flags, childEntry]
  const [file, ...args] = confinedCommand(command, limits, confinement)
  const env = {
    PATH: toolPath,
    HOME: options.scratch,
    UV_THREADPOOL_SIZE: '4',
    // Freed memory goes back sooner with few arenas.
    MALLOC_ARENA_MAX: '2',
    ...environment,
  }
  return spawn(file, args, { env, cwd: options.scratch, stdio: ['pipe', 'pipe', 'pipe'] })
}

function toChild(
  child: Piped,
  frames: AsyncGenerator<Frame, void>,
  exited: Promise<string>,
  { stopMs }: ChildSettings,
): Child {
  let broken: string | undefined
  void exited.then(() => {
    broken ??= 'it ended'
  })
  const kill = () => {
    broken ??= 'it was killed'
    child.kill('SIGKILL')
  }
  const ask: Child['ask'] = async (request, { signal, timeoutMs, onDone }) => {
    let why: 'time' | 'left' | undefined
    let killer: NodeJS.Timeout | undefined
    let controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined
    let isDone = false
    const done = (usage?: Usage) => {
      if (isDone) return
      isDone = true
      clearTimeout(timer)
      clearTimeout(killer)
      signal.removeEventListener('abort', leave)
      if (usage === undefined && broken === undefined) kill()
      onDone(usage)
    }
    const stop = (reason: 'time' | 'left') => {
      if (isDone || why !== undefined) return
      why = reason
      tell(child, { kind: 'cancel' })
      killer = setTimeout(kill, stopMs)
      // From here on nobody else reads what is still to come.
      if (controller !== undefined) {
        if (reason === 'time') controller.error(problem('api/timeout', { timeoutMs }))
        void drain()
      }
    }
    const leave = () => stop('left')
    const drain = async () => {
      while (!isDone) await step()
    }
    /** Reads one frame of the body; undefined at its end. */
    const step = async (): Promise<Uint8Array<ArrayBuffer> | undefined> => {
      const frame = await nextOf(frames)
      if (frame?.kind === 'data') return frame.bytes
      const isEnd = frame?.kind === 'message' && frame.message.kind === 'end'
      done(isEnd ? frame.message : undefined)
      if (!isEnd) throw problem('api/sql-process-lost', {})
      return undefined
    }
    const timer = setTimeout(() => stop('time'), timeoutMs)
    signal.addEventListener('abort', leave, { once: true })
    tell(child, { kind: 'query', request })
    if (signal.aborted) leave()
    const first = await nextOf(frames)
    if (first?.kind !== 'message' || first.message.kind !== 'taken') {
      done()
      return undefined
    }
    const frame = await nextOf(frames)
    const message = frame?.kind === 'message' ? frame.message : undefined
    if (message?.kind !== 'answer') {
      const failed = message?.kind === 'failed' ? message : undefined
      if (failed?.broken) broken ??= failed.reason
      done(failed === undefined || failed.broken ? undefined : { cpuMs: 0, rssBytes: 0 })
      throw toProblem(failed, why, timeoutMs)
    }
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        start: (started) => {
          controller = started
        },
        pull: async (into) => {
          const bytes = await step()
          if (why !== undefined) return
          if (bytes === undefined) into.close()
          else into.enqueue(bytes)
        },
        cancel: () => stop('left'),
      },
      { highWaterMark: 0 },
    )
    if (why !== undefined) {
      void drain().catch(() => {})
      throw toProblem(undefined, why, timeoutMs)
    }
    return { head: message, body }
  }
  return { pid: child.pid, broken: () => broken, exited, ask, kill }
}

function toProblem(
  failed: Extract<FromChild, { kind: 'failed' }> | undefined,
  why: 'time' | 'left' | undefined,
  timeoutMs: number,
): unknown {
  if (why === 'time') return problem('api/timeout', { timeoutMs })
  // Nobody hears it, and nothing is wrong.
  if (why === 'left') return problem('api/sql-process-lost', {})
  const cause = failed === undefined ? undefined : new Error(failed.reason)
  if (failed?.problem !== undefined) {
    const { hint, ...shown } = failed.problem
    return new MillraceError({
      ...shown,
      hint,
      exitCode: 2,
      retryable: false,
      at: undefined,
      cause: undefined,
    })
  }
  if (failed?.broken) return problem('api/sql-unavailable', {}, { cause })
  return problem('api/sql-process-lost', {}, { cause })
}

function tell(child: Piped, message: ToChild): void {
  if (child.stdin.writable) child.stdin.write(`${JSON.stringify(message)}\n`)
}

/** A child that breaks the protocol is as good as gone. */
async function nextOf(frames: AsyncGenerator<Frame, void>): Promise<Frame | undefined> {
  try {
    const { value } = await frames.next()
    return value ?? undefined
  } catch {
    return undefined
  }
}

function untilGone(child: Piped): Promise<string> {
  let last = ''
  child.stderr.on('data', (bytes: Buffer) => {
    last = `${last}${bytes}`.slice(-2000)
  })
  child.stdin.on('error', () => {})
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(`${signal ?? `code ${code}`} ${last}`.trim()))
  })
}
