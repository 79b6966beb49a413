/** What the stand-in remembers: one JSON file a thing, so that it is all there again after a crash. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeJson } from '../json-file.ts'

/** Everything that is kept has a name, unique in its collection. Times are milliseconds since 1970. */
export type Stored = { readonly name: string; readonly createdAt: number }

export interface Collection<Thing extends Stored> {
  get(name: string): Thing | undefined
  /** In the order in which they were made. */
  all(): readonly Thing[]
  /** Adds, or replaces what has the name; on disk before it returns. */
  put(thing: Thing): void
  delete(name: string): void
}

/** Opens a collection that is kept in a directory of its own; makes the directory. */
export function openCollection<Thing extends Stored>(directory: string): Collection<Thing> {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const things = new Map(
    readdirSync(directory)
      .filter((file) => file.endsWith('.json'))
      .map((file) => read<Thing>(join(directory, file)))
      .sort((a, b) => a.createdAt - b.createdAt)
      .map((thing) => [thing.name, thing]),
  )
  const fileOf = (name: string) => join(directory, `${encodeURIComponent(name)}.json`)
  return {
    get: (name) => things.get(name),
    all: () => [...things.values()],
    put: (thing) => {
      writeJson(fileOf(thing.name), thing)
      things.set(thing.name, thing)
    },
    delete: (name) => {
      rmSync(fileOf(name), { force: true })
      things.delete(name)
    },
  }
}

function read<Thing>(file: string): Thing {
  // Written by `put` above, whole or not at all, by this version or an older one with the same members.
  return JSON.parse(readFileSync(file, 'utf8')) as Thing
}
