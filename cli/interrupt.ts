/** Ctrl-C and SIGTERM as an `AbortSignal`: the first asks politely, the second ends the process. */

/** Runs `work` with a signal that aborts on SIGINT or SIGTERM. */
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
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}
