/**
 * Runs what a container would run, as a process of this machine: the entry point of the image, a private directory
 * for /opt/ml, an environment of its own, and limits of memory and CPU time.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createWriteStream, mkdirSync, renameSync, statSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { systemClock } from '../../../core/clock.ts'
import { processEnvironment } from '../../../core/config/environment.ts'
import { bindToParent } from '../../supervisor/spawn-service.ts'
import type { Image } from '../images.ts'
import { linesOf } from './lines.ts'
import { killByEnvironment, residentBytes } from './process-tree.ts'

export type ContainerRequest = {
  readonly image: Image
  /** As given to `docker run`: the entry point and its arguments. */
  readonly command: readonly string[]
  /** What /opt/ml is in a container; the process finds it in SAGEMAKER_BASE_DIR. */
  readonly baseDir: string
  readonly env: Readonly<Record<string, string>>
  /** Appended to. */
  readonly logPath: string
  readonly memoryBytes: number
  /** CPU seconds of one process; unlimited when undefined. */
  readonly cpuSeconds?: number
  readonly onLine?: (line: string) => void
}

/** How a container ended. `code` is what a shell would call it: 137 for SIGKILL. */
export type ContainerEnd = {
  readonly code: number
  readonly signal: NodeJS.Signals | undefined
  /** We ended it, because it held more memory than it may. */
  readonly outOfMemory: boolean
}

export interface Container {
  readonly hasEnded: () => boolean
  /** Resolves when the process is gone and all it wrote is read. Never rejects. */
  readonly ended: Promise<ContainerEnd>
  /** SIGTERM once, and SIGKILL to all of its processes after the shortest grace asked for. Resolves when it is gone. */
  stop(graceMs: number): Promise<void>
}

const memoryPollMs = 50
/** After the process itself has ended, something that it started may still hold its output. */
const drainMs = 500
/** Of one container; what it prints beyond that is read and not kept. */
const maxLogBytes = 64 * 1024 * 1024

/** Starts a container. One that cannot be started ends with code 127, as in a shell. */
export function runContainer(request: ContainerRequest): Container {
  mkdirSync(request.baseDir, { recursive: true })
  mkdirSync(dirname(request.logPath), { recursive: true })
  const [file, args] = commandOf(request)
  const mark = `MILLRACE_CONTAINER=${randomBytes(12).toString('hex')}`
  const child = spawn(file, args, {
    cwd: request.baseDir,
    // A group of its own, so that all of it can be killed.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environmentOf(request, mark),
  })
  let outOfMemory = false
  let over = false
  const killAll = () => {
    killGroup(child)
    killByEnvironment(mark) // those that left the group
  }
  const watch = setInterval(() => {
    if (child.pid === undefined || residentBytes(child.pid) <= request.memoryBytes) return
    outOfMemory = true
    killAll()
  }, memoryPollMs)
  const output = collect(child, request)
  const ended = exitOf(child).then(async ({ code, signal }) => {
    over = true
    clearInterval(watch)
    killAll() // what it left behind, as a container does not outlive its first process
    await Promise.race([output, systemClock.sleep(drainMs)])
    return { code, signal, outOfMemory }
  })
  let asked = false
  return {
    hasEnded: () => over,
    ended,
    async stop(graceMs) {
      // Only the process itself: as `docker stop` does.
      if (!over && !asked) child.kill('SIGTERM')
      asked = true
      const timer = setTimeout(killAll, graceMs)
      await ended
      clearTimeout(timer)
    },
  }
}

function exitOf(child: ChildProcess): Promise<Omit<ContainerEnd, 'outOfMemory'>> {
  return new Promise((resolve) => {
    child.once('error', () => resolve({ code: 127, signal: undefined }))
    child.once('exit', (code, signal) => {
      resolve({
        code: code ?? 128 + constants.signals[signal ?? 'SIGKILL'],
        signal: signal ?? undefined,
      })
    })
  })
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // Nobody is left.
  }
}

/** Writes the output to the log, and hands over the lines. Resolves at its end. */
async function collect(child: ChildProcess, { logPath, onLine }: ContainerRequest): Promise<void> {
  makeRoom(logPath)
  const log = createWriteStream(logPath, { flags: 'a', mode: 0o600 })
  log.on('error', () => {}) // a full disk must not end the job
  let bytes = 0
  await Promise.all(
    [child.stdout, child.stderr].map(async (stream) => {
      if (stream === null) return
      for await (const line of linesOf(stream)) {
        bytes += Buffer.byteLength(line) + 1
        if (bytes <= maxLogBytes) log.write(`${line}\n`)
        onLine?.(line)
      }
    }),
  ).catch(() => {}) // its end is told by `exit`
  log.end()
}

/** A container that is started again and again writes to the same log: a full one makes way, and one is kept. */
function makeRoom(logPath: string): void {
  const size = statSync(logPath, { throwIfNoEntry: false })?.size ?? 0
  if (size >= maxLogBytes) renameSync(logPath, `${logPath}.1`)
}

function environmentOf(
  { image, env, baseDir }: ContainerRequest,
  mark: string,
): Record<string, string> {
  const [marked = '', by = ''] = mark.split('=')
  return {
    PATH: processEnvironment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: baseDir,
    LANG: 'C.UTF-8',
    ...image.env,
    ...env,
    SAGEMAKER_BASE_DIR: baseDir,
    [marked]: by,
  }
}

/**
 * A shell sets the limits, and the entry point then replaces it. Memory is watched and not limited there: a limit of
 * the address space ends programs that only reserve it, and Node and Arrow reserve much. When the machine runs out
 * of it all the same, the kernel takes the container first.
 */
function commandOf(request: ContainerRequest): readonly [string, readonly string[]] {
  const { image, command, baseDir, cpuSeconds } = request
  const [entry = '', ...rest] = command
  const program = entry.includes('/') ? entry : join(image.directory, entry)
  const limits =
    '{ ulimit -t "$1"; echo 1000 >/proc/self/oom_score_adj; } 2>/dev/null; shift; exec "$@"'
  const limited = ['-c', limits, 'sh', String(cpuSeconds ?? 'unlimited'), program, ...rest]
  const bind = 'mkdir -p /opt/ml && mount --bind "$1" /opt/ml && shift && exec /bin/sh "$@"'
  return image.bind_opt_ml
    ? bindToParent({
        file: 'unshare',
        args: [
          '--mount',
          '--propagation',
          'private',
          '/bin/sh',
          '-c',
          bind,
          'sh',
          baseDir,
          ...limited,
        ],
        stopSignal: 'SIGKILL',
      })
    : bindToParent({ file: '/bin/sh', args: limited, stopSignal: 'SIGKILL' })
}
