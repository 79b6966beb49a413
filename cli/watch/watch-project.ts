/**
 * `watch`: the project is parsed after each edit, and what has become another is built, with the code loaded and the
 * lake open. Edits that come while something is built are taken up after it, all at once: a build that was begun anew
 * each time would never end while an editor saves by itself, and would run the hooks of the project for nothing.
 */
import { resolve } from 'node:path'
import { withInterrupt } from '../interrupt.ts'
import type { GlobalArguments } from '../options.ts'
import type { RunArguments } from '../runner/options.ts'
import { type Edits, editQueue } from './edits.ts'
import { holdPlace } from './held-place.ts'
import { openWatchPrinter } from './print-watch.ts'
import { watchFolders } from './watch-folders.ts'
import { openWatcher } from './watcher.ts'

export type WatchArguments = RunArguments & GlobalArguments & { readonly initial: boolean }

/** A file that another process holds is asked for again after this long. */
const lockedRetryMs = 1_000

/** @returns exit code 0 when it was stopped while it waited @throws `cli/interrupted` when a build was cut short */
export async function watchProject(given: WatchArguments): Promise<number> {
  const format = given.quiet ? 'quiet' : given.logFormat === 'json' ? 'events' : given.format
  // Templates are told the command whose work this is.
  const args = { ...given, _: ['build'] }
  return await withInterrupt(async (signal) => {
    await using place = holdPlace(args)
    const queue = editQueue()
    using watch = watchFolders((path) => {
      queue.note(path)
      // It opens while the editor is still busy, and while the project is parsed.
      place.warm()
    })
    const printer = openWatchPrinter(format, resolve(args.projectDir), args.logLevel === 'debug')
    const watcher = openWatcher({ args, format, watch, place, printer, signal })
    let edits: Edits | undefined
    while (!signal.aborted) {
      const isLocked = await watcher.takeUp(edits)
      edits = await queue.take(signal, isLocked ? lockedRetryMs : undefined)
    }
    return 0
  })
}
