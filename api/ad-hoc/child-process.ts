/** One child process as the API sees it: ask it, read its answer, stop what it does, and kill it when it does not stop. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { chown } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import { runsFromSources, shippedFile } from '../../core/shipped-file.ts'
import { askChild, type Call, type ChildAnswer } from './ask-child.ts'
import { type Confinement, confinedCommand, type Limits, toolPath } from './confine.ts'
import type { ChildOptions, QueryRequest, ToChild } from './protocol.ts'
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
  /** Ends a child that is just starting. */
  readonly signal: AbortSignal
}

export type Child = {
  readonly pid: number | undefined
  /** Why it is of no more use; undefined: it is. */
  readonly broken: () => string | undefined
  /** Resolves when the process is gone, with what it had written to stderr last. */
  readonly exited: Promise<string>
  /** Runs a query; only one at a time. As `askChild`. */
  readonly ask: (request: QueryRequest, call: Call) => Promise<ChildAnswer | undefined>
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
  const giveUp = () => child.kill('SIGKILL')
  const timer = setTimeout(giveUp, settings.startMs)
  settings.signal.addEventListener('abort', giveUp)
  if (settings.signal.aborted) giveUp()
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
    settings.signal.removeEventListener('abort', giveUp)
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
  const next = () => nextOf(frames)
  const line = { tell: (message: ToChild) => tell(child, message), next, kill, stopMs }
  const ask: Child['ask'] = (request, call) => askChild(line, request, call)
  return { pid: child.pid, broken: () => broken, exited, ask, kill }
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
