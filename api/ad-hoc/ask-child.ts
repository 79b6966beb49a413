/** One query of a child: the question, the time it may take, and the answer as a stream. */
import { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { FromChild, QueryRequest, ToChild } from './protocol.ts'
import type { Frame } from './read-frames.ts'

type Failed = Extract<FromChild, { kind: 'failed' }>
export type Usage = Omit<Extract<FromChild, { kind: 'end' }>, 'kind'>

export type ChildAnswer = {
  readonly head: Extract<FromChild, { kind: 'answer' }>
  /** Fails when the time is over; cancel it to give the child back early. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>
}

/** A child as it is spoken to. */
type Line = {
  readonly tell: (message: ToChild) => void
  /** Undefined when the child is gone. */
  readonly next: () => Promise<Frame | undefined>
  readonly kill: () => void
  /** Milliseconds from an interrupt to SIGKILL. */
  readonly stopMs: number
}

export type Call = {
  /** The caller has left. */
  readonly signal: AbortSignal
  /** From now to the last byte. */
  readonly timeoutMs: number
  /** Called once, when the child is free again; without `usage` it is of no more use. */
  readonly onDone: (usage: Usage | undefined) => void
}

type Watch = {
  readonly why: () => 'time' | 'left' | undefined
  readonly isDone: () => boolean
  readonly done: (usage?: Usage) => void
  readonly stop: (reason: 'time' | 'left') => void
  /** Called when the query is stopped from now on. */
  readonly whenStopped: (listener: () => void) => void
}

/**
 * Asks a child that is idle.
 * @returns undefined when the child was gone before it began
 * @throws `api/sql-*`, `api/timeout`
 */
export async function askChild(
  line: Line,
  request: QueryRequest,
  call: Call,
): Promise<ChildAnswer | undefined> {
  const watch = watchCall(line, call)
  line.tell({ kind: 'query', request })
  if (call.signal.aborted) watch.stop('left')
  const first = await line.next()
  if (first?.kind !== 'message' || first.message.kind !== 'taken') {
    watch.done()
    return undefined
  }
  const frame = await line.next()
  const message = frame?.kind === 'message' ? frame.message : undefined
  if (message?.kind !== 'answer') {
    const failed = message?.kind === 'failed' ? message : undefined
    const isUseful = failed !== undefined && !failed.broken
    watch.done(isUseful ? { cpuMs: 0, rssBytes: 0 } : undefined)
    throw toProblem(failed, watch.why(), call.timeoutMs)
  }
  const body = bodyOf(line, watch, call.timeoutMs)
  if (watch.why() !== undefined) throw toProblem(undefined, watch.why(), call.timeoutMs)
  return { head: message, body }
}

/** Stops the query when its time is over or its caller has left. */
function watchCall({ tell, kill, stopMs }: Line, { signal, timeoutMs, onDone }: Call): Watch {
  let why: 'time' | 'left' | undefined
  let isDone = false
  let killer: NodeJS.Timeout | undefined
  let listener = () => {}
  const stop = (reason: 'time' | 'left') => {
    if (isDone || why !== undefined) return
    why = reason
    tell({ kind: 'cancel' })
    killer = setTimeout(kill, stopMs)
    listener()
  }
  const leave = () => stop('left')
  const timer = setTimeout(() => stop('time'), timeoutMs)
  signal.addEventListener('abort', leave, { once: true })
  return {
    why: () => why,
    isDone: () => isDone,
    stop,
    whenStopped: (added) => {
      listener = added
    },
    done: (usage) => {
      if (isDone) return
      isDone = true
      clearTimeout(timer)
      clearTimeout(killer)
      signal.removeEventListener('abort', leave)
      onDone(usage)
    },
  }
}

/** The bytes of an answer. Once it is stopped they are read to their end all the same, so that the child is free. */
function bodyOf(line: Line, watch: Watch, timeoutMs: number): ChildAnswer['body'] {
  const read = async (): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    const frame = await line.next()
    if (frame?.kind === 'data') return frame.bytes
    const end =
      frame?.kind === 'message' && frame.message.kind === 'end' ? frame.message : undefined
    watch.done(end)
    if (end === undefined) throw problem('api/sql-process-lost', {})
    return undefined
  }
  let last: Promise<unknown> = Promise.resolve()
  // One after the other, or one would take a frame of the next query.
  const step = () => {
    const next = last.then(() => (watch.isDone() ? undefined : read()))
    last = next.catch(() => {})
    return next
  }
  const drain = async () => {
    while (!watch.isDone()) await step()
  }
  return new ReadableStream(
    {
      start: (controller) => {
        const stopped = () => {
          if (watch.why() === 'time') controller.error(problem('api/timeout', { timeoutMs }))
          drain().catch(() => {})
        }
        if (watch.why() === undefined) watch.whenStopped(stopped)
        else stopped()
      },
      pull: async (controller) => {
        const bytes = await step()
        if (watch.why() !== undefined) return
        if (bytes === undefined) controller.close()
        else controller.enqueue(bytes)
      },
      cancel: () => watch.stop('left'),
    },
    { highWaterMark: 0 },
  )
}

function toProblem(
  failed: Failed | undefined,
  why: 'time' | 'left' | undefined,
  timeoutMs: number,
): unknown {
  if (why === 'time') return problem('api/timeout', { timeoutMs })
  // Nobody hears it, and nothing is wrong.
  if (why === 'left') return problem('api/sql-process-lost', {})
  const cause = failed === undefined ? undefined : new Error(failed.reason)
  if (failed?.problem !== undefined) {
    const { hint, ...shown } = failed.problem
    const ours = { exitCode: 2, retryable: false, at: undefined, cause: undefined }
    return new MillraceError({ ...shown, ...ours, hint })
  }
  if (failed?.broken) return problem('api/sql-unavailable', {}, { cause })
  return problem('api/sql-process-lost', {}, { cause })
}
