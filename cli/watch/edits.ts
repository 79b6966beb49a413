/** Edits of files, gathered: whoever works takes up what has come since, all at once. */
import { performance } from 'node:perf_hooks'

export type Edits = {
  /** Absolute paths of files, and of folders in which something came or went. */
  readonly paths: ReadonlySet<string>
  /** When the first of them was noticed, by `performance.now()`. */
  readonly since: number
}

export type EditQueue = {
  readonly note: (path: string) => void
  /**
   * Waits until there are edits and nothing more has come for a moment.
   * @param timeoutMs undefined is for ever
   * @returns undefined when the time is over, or the signal has been given
   */
  readonly take: (signal: AbortSignal, timeoutMs?: number) => Promise<Edits | undefined>
}

/** Long enough for an editor to write a file and put it in place, too short to be felt. */
const settleMs = 25
/** Who writes without a pause, as a formatter over many files, is not waited for any longer. */
const longestMs = 300

export function editQueue(): EditQueue {
  let paths = new Set<string>()
  let since = 0
  let latest = 0
  let wake: (() => void) | undefined
  const sleep = (ms: number | undefined, signal: AbortSignal, wakesOnEdit: boolean) =>
    new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        wake = undefined
        resolve()
      }
      const timer = ms === undefined ? undefined : setTimeout(done, ms)
      signal.addEventListener('abort', done)
      if (wakesOnEdit) wake = done
      if (signal.aborted) done()
    })
  return {
    note: (path) => {
      latest = performance.now()
      if (paths.size === 0) since = latest
      paths.add(path)
      wake?.()
    },
    take: async (signal, timeoutMs) => {
      if (paths.size === 0) await sleep(timeoutMs, signal, true)
      if (paths.size === 0 || signal.aborted) return undefined
      for (;;) {
        const now = performance.now()
        const wait = Math.min(latest + settleMs, since + longestMs) - now
        if (wait <= 0) break
        await sleep(wait, signal, false)
        if (signal.aborted) return undefined
      }
      const taken = { paths, since }
      paths = new Set()
      return taken
    },
  }
}
