/** The real command line as a child process. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { repository } from './api.ts'

export type CliResult = {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export type CliOptions = {
  /** The command; `millrace` unless it is said. */
  readonly command?: 'millrace' | 'dbt'
  readonly env?: Readonly<Record<string, string>>
  /** The folder it is started in. */
  readonly cwd?: string
  /** What stdin holds; without it stdin is empty. */
  readonly input?: string
}

export type RunningCli = {
  readonly process: ChildProcessByStdio<Writable, Readable, Readable>
  readonly finished: Promise<CliResult>
  /** Resolves with all of stdout and stderr so far once it matches; rejects when the process ends before. */
  readonly shows: (pattern: RegExp) => Promise<string>
}

/** Starts `millrace` or `dbt` with the given arguments. */
export function startCli(args: readonly string[], options: CliOptions = {}): RunningCli {
  const env = { ...withoutSettings(), ...options.env }
  const main = `${repository}cli/${options.command === 'dbt' ? 'dbt' : 'main'}.ts`
  const child = spawn(process.execPath, [main, ...args], {
    env,
    cwd: options.cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin.on('error', () => {}) // the process may end without reading it
  child.stdin.end(options.input ?? '')
  const finished = new Promise<CliResult>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
  const shows = async (pattern: RegExp): Promise<string> => {
    let ended = false
    void finished.then(() => {
      ended = true
    })
    while (!pattern.test(stdout + stderr)) {
      if (ended) throw new Error(`it ended without showing ${pattern}:\n${stdout}${stderr}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return stdout + stderr
  }
  return { process: child, finished, shows }
}

/** Runs `millrace` to its end. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return startCli(args, options).finished
}

/** A developer's own MILLRACE_* variables must not decide a test; the cache is found by them, though. */
function withoutSettings(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('MILLRACE_') || name === 'MILLRACE_CACHE_DIR',
  )
  return Object.fromEntries(kept)
}
