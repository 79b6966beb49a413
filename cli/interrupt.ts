/** Ctrl-C and SIGTERM as an `AbortSignal`: the first asks politely, the second ends the process. */
import { findCause, MillraceError } from '../core/errors.ts'
import { problem } from '../core/problems.ts'

/** Runs `work` with a signal that aborts on SIGINT or SIGTERM. @throws `cli/interrupted` when it stopped for that */
export async function withInterrupt<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(128 + (name === 'SIGINT' ? 2 : 15))
    process.stderr.write(`\nstopping (${name}); once more to end at once\n`)
    controller.abort(new Error(name))
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  try {
    return await work(controller.signal)
  } catch (error) {
    throw wasStopped(error, controller.signal)
      ? problem('cli/interrupted', { what: 'The command' }, { cause: error })
      : error
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}

/** An abort reaches us as the signal's reason, or as what DuckDB says of a statement that was stopped. */
function wasStopped(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted || error instanceof MillraceError) return false
  const stopped = findCause(
    error,
    (cause) => cause === signal.reason || /^INTERRUPT Error/.test(cause.message),
  )
  return stopped !== undefined
}
