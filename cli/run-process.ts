/** What holds for the whole process: its parent, its stdout, its exit code. */
import { problem } from '../core/problems.ts'
import { isDebugging, runCommandLine } from './command-line.ts'
import { printError } from './print-error.ts'

/**
 * Runs the command that this process was started for, and sets its exit code.
 * @param run what a command line does, of `millrace` unless it is said; returns the exit code
 */
export async function runProcess(run = runCommandLine): Promise<void> {
  stopWithParent()
  process.stdout.on('error', onStdoutError)
  // Node itself would print it with whatever it holds, and end with 1: a failed model.
  process.on('uncaughtException', (error) =>
    process.exit(printError(error, isDebugging(process.argv))),
  )
  process.exitCode = await run(process.argv.slice(2))
}

/** `millrace … | head` closes the pipe early, which is no failure; a full disk behind `>` is one. */
function onStdoutError(cause: NodeJS.ErrnoException): void {
  if (cause.code === 'EPIPE') return
  const reason = cause.message
  const error =
    cause.code === 'ENOSPC'
      ? problem('lake/out-of-space', { where: 'where stdout goes', reason }, { cause })
      : problem('cli/cannot-write', { file: 'stdout', reason }, { cause })
  process.exit(printError(error, false)) // nothing can be printed any more
}

/** The demo starts us with a channel; when it was killed nobody waits for us, as after Ctrl-C. */
function stopWithParent(): void {
  if (process.channel === undefined) return
  process.once('disconnect', () => process.kill(process.pid, 'SIGINT'))
  process.channel.unref()
}
