/** Runs one of our own commands as a person would, and reads what it prints. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A command ended with an exit code other than 0; it has said why on stderr. */
export class StepFailed extends Error {
  readonly exitCode: number

  constructor(command: string, exitCode: number) {
    super(`millrace ${command} ended with exit code ${exitCode}`)
    this.exitCode = exitCode
  }
}

/** A line of NDJSON that a command printed. */
export type OutputLine = Readonly<Record<string, unknown>>

/**
 * Runs `millrace <args>` of this installation; its progress and errors go to our stderr.
 * @param onLine sees each line as it is printed
 * @returns the lines it printed, and the milliseconds it took
 * @throws StepFailed; the signal's reason
 */
export async function runCommand(
  args: readonly string[],
  signal: AbortSignal,
  onLine: (line: OutputLine) => void = () => {},
): Promise<{ readonly lines: readonly OutputLine[]; readonly elapsedMs: number }> {
  const [script] = process.argv.slice(1)
  if (script === undefined) throw new Error('the path of this program is unknown')
  const started = performance.now()
  // In a group of its own, so that Ctrl-C of the terminal reaches it once: from us.
  const child = spawn(process.execPath, [script, ...args], {
    // The channel closes with us, however we end: then the command stops too.
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    detached: true,
  })
  const { stdout } = child
  if (stdout === null) throw new Error('a piped stdout is missing')
  const stop = () => child.kill('SIGINT')
  signal.addEventListener('abort', stop, { once: true })
  try {
    const closed = once(child, 'close')
    const lines: OutputLine[] = []
    for await (const text of createInterface({ input: stdout })) {
      if (!text.startsWith('{')) continue
      // Our own command printed it: one JSON object.
      const line = JSON.parse(text) as OutputLine
      lines.push(line)
      onLine(line)
    }
    const [exitCode] = await closed
    signal.throwIfAborted()
    if (exitCode !== 0) throw new StepFailed(args.join(' '), exitCode ?? 70)
    return { lines, elapsedMs: performance.now() - started }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** A number of a printed line; 0 when it is not there. */
export function numberOf(line: OutputLine | undefined, field: string): number {
  return Number(line?.[field] ?? 0)
}
