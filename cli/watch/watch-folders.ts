/**
 * Watches folders with all that is below them, and files by themselves. Each folder is watched alone: what Node calls
 * recursive watches every single file on Linux, those that nobody asked for too.
 */
import { type FSWatcher, readdirSync, realpathSync, statSync, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'

export type WatchedPlaces = {
  /** Files, there or not, absolute. */
  readonly files: readonly string[]
  /** Folders with all that is below them, absolute. */
  readonly folders: readonly string[]
  /** Folders below them that are not looked into, absolute. */
  readonly without: readonly string[]
}

export type FolderWatch = Disposable & {
  /**
   * Watches these from now on, folders that have come since the last call too. What changed in a folder before it
   * was watched is told as well.
   * @param since when whoever asks began to read, milliseconds since 1970
   * @throws `cli/cannot-watch`
   */
  readonly update: (places: WatchedPlaces, since: number) => void
}

/** @param onEdit called with the absolute path of what changed */
export function watchFolders(onEdit: (path: string) => void): FolderWatch {
  const watchers = new Map<string, FSWatcher>()
  const deep = new Set<string>()
  const files = new Set<string>()
  const note = (folder: string, path: string) => {
    if (files.has(path) || (deep.has(folder) && !isScratch(path))) onEdit(path)
  }
  const stop = (folder: string) => {
    watchers.get(folder)?.close()
    watchers.delete(folder)
  }
  const start = (folder: string) => {
    try {
      const watcher = watch(folder, (_, name) => {
        note(folder, name === null ? folder : join(folder, name))
      })
      // A folder that is gone; the one above tells of it.
      watcher.on('error', () => stop(folder))
      watchers.set(folder, watcher)
    } catch (cause) {
      if (statSync(folder, { throwIfNoEntry: false }) === undefined) return
      throw problem('cli/cannot-watch', { folder, reason: messageOf(cause) }, { cause })
    }
  }
  return {
    update: (places, since) => {
      deep.clear()
      files.clear()
      for (const file of places.files) files.add(file)
      for (const folder of places.folders) addFolders(folder, new Set(places.without), [], deep)
      const wanted = new Set([
        ...deep,
        ...places.files.map((file) => dirname(file)),
        // A folder that is not there yet shows in the one above it.
        ...places.folders.map((folder) => dirname(folder)),
      ])
      for (const folder of places.folders) files.add(folder)
      for (const folder of [...watchers.keys()]) if (!wanted.has(folder)) stop(folder)
      for (const folder of wanted) {
        if (watchers.has(folder)) continue
        start(folder)
        for (const path of changedSince(folder, since)) note(folder, path)
      }
    },
    [Symbol.dispose]: () => {
      for (const folder of [...watchers.keys()]) stop(folder)
    },
  }
}

/** Links to folders are followed, as they are when the project is read. */
function addFolders(
  folder: string,
  without: ReadonlySet<string>,
  above: readonly string[],
  found: Set<string>,
): void {
  if (without.has(folder) || found.has(folder)) return
  const real = realPathOf(folder)
  if (real === undefined || above.includes(real)) return
  found.add(folder)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    const path = join(folder, entry.name)
    const isFolder =
      entry.isDirectory() ||
      (entry.isSymbolicLink() && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    if (isFolder) addFolders(path, without, [...above, real], found)
  }
}

function realPathOf(folder: string): string | undefined {
  try {
    return statSync(folder).isDirectory() ? realpathSync(folder) : undefined
  } catch {
    return undefined // there is no such folder
  }
}

/** The clock of a file system may be behind by this much. */
const clockTickMs = 20

function changedSince(folder: string, since: number): string[] {
  let names: readonly string[]
  try {
    names = readdirSync(folder)
  } catch {
    return [] // there is no such folder
  }
  return names
    .map((name) => join(folder, name))
    .filter((path) => {
      const stats = statSync(path, { throwIfNoEntry: false })
      return stats !== undefined && stats.ctimeMs + clockTickMs >= since
    })
}

/** What editors write beside a file while they save it, and databases that lie among the files. */
function isScratch(path: string): boolean {
  return /^\.|~$|^#.*#$|\.(?:sw[a-z]|tmp|bak|duckdb|db|sqlite|wal)$|^4913$/.test(basename(path))
}
