/** Runs a helper program to its end and keeps the last of what it printed. */
import { spawn } from 'node:child_process'
import { systemClock } from '../../core/clock.ts'

export type SystemUser = { readonly name: string; readonly uid: number; readonly gid: number }

export type RunResult = {
  /** How it ended in words, such as "ended with exit code 1"; undefined when it succeeded. */
  readonly failure: string | undefined
  /** Standard output and standard error together, the last 64 KiB. */
  readonly output: string
  readonly elapsedMs: number
}

export type RunOptions = {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly user?: SystemUser | undefined
  readonly signal?: AbortSignal | undefined
}

const keptCharacters = 64 * 1024

/**
 * Runs `file` without a shell and without standard input.
 * @returns how it went; only an abort rejects (with the signal's reason), after the program has ended
 */
export async function run(
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  options.signal?.throwIfAborted()
  const startedAt = systemClock.now()
  let output = ''
  const failure = await new Promise<string | undefined>((resolve) => {
    const child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: { ...options.env } }),
      ...(options.user === undefined ? {} : { uid: options.user.uid, gid: options.user.gid }),
    })
    const keep = (chunk: string) => {
      output = (output + chunk).slice(-keptCharacters)
    }
    child.stdout.setEncoding('utf8').on('data', keep)
    child.stderr.setEncoding('utf8').on('data', keep)
    const stop = () => child.kill('SIGTERM')
    options.signal?.addEventListener('abort', stop, { once: true })
    child.on('error', (error) => resolve(`cannot be run (${error.message})`))
    child.on('close', (code, signal) => {
      options.signal?.removeEventListener('abort', stop)
      resolve(describeEnd(code, signal))
    })
  })
  options.signal?.throwIfAborted()
  return { failure, output, elapsedMs: systemClock.now() - startedAt }
}

/** An exit in words; undefined when it is exit code 0. */
export function describeEnd(
  code: number | null,
  signal: NodeJS.Signals | null,
): string | undefined {
  if (signal !== null) return `was ended by ${signal}`
  return code === 0 ? undefined : `ended with exit code ${code}`
}

/** The last `count` non-empty lines of a text. */
export function lastLines(text: string, count: number): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count)
}

const telling = /\b(fatal|panic|error|exception|denied|refused|no space left|not supported)\b/i

/** The lines that say most about a failure: the last two that name one, then the last three. */
export function tellingLines(text: string): readonly string[] {
  const lines = lastLines(text, 100)
  const rest = lines.slice(-3)
  const named = lines.slice(0, -3).filter((line) => telling.test(line))
  return [...named.slice(-2), ...rest]
}
