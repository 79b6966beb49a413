/**
 * Files that models write. They are written beside their place and take it just before the commit, while the old ones
 * wait under another name: a run that fails leaves the old files, and so does a commit that fails. A note beside them
 * says whose they are, so that a later run can tidy up after one that was killed.
 */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ownerNow } from '../../core/lock-file.ts'
import type { Session } from './adapter.ts'

export type FileSwap = {
  /** Id of the node. */
  readonly node: string
  readonly location: string
  /** Where the new files are until then. */
  readonly staged: string
  /** Runs once they are in their place: the view that reads them there. */
  readonly view: string
}

/** What a note says of the files beside it; the note of `x` is `x.note`. */
export type SwapNote = {
  readonly runId: string
  /** Of the node. */
  readonly name: string
  readonly location: string
  /** The process, as lock files name it. */
  readonly owner: string
  /** Written before the new files take their place: which they are, whatever their name. */
  readonly taking?: string | undefined
}

/** `taking` is undefined until the new files take their place. */
type State = { readonly taking: string | undefined }

/** The files of one run. */
export class FileSwaps {
  /** Folder that relative locations are taken from. */
  readonly root: string
  readonly #runId: string
  readonly #swaps = new Map<FileSwap, State>()
  readonly #notes = new Map<string, SwapNote>()
  readonly #remove: (path: string) => Promise<void>

  constructor(root: string, runId: string, removeFiles = remove) {
    this.root = root
    this.#runId = runId
    this.#remove = removeFiles
  }

  /** A free name in the same folder, so that taking the place is one rename. */
  async stage(name: string, location: string): Promise<string> {
    const folder = dirname(location)
    await mkdir(folder, { recursive: true })
    const staged = join(folder, `.${basename(location)}.${randomUUID()}`)
    const note: SwapNote = { runId: this.#runId, name, location, owner: ownerNow(process.pid) }
    this.#notes.set(staged, note)
    await writeNote(staged, note)
    return staged
  }

  add(swap: FileSwap): void {
    this.#swaps.set(swap, { taking: undefined })
  }

  /** Puts the files in their places, inside the transaction that names them. @param node only those of a node */
  async publish(session: Pick<Session, 'execute'>, node?: string): Promise<void> {
    for (const [swap, state] of this.#swaps) {
      const isTaken = state.taking !== undefined
      if (isTaken || (node !== undefined && swap.node !== node)) continue
      const { location, staged, view } = swap
      const taking = await identityOf(staged)
      const note = this.#notes.get(staged)
      if (note !== undefined) await writeNote(staged, { ...note, taking })
      this.#swaps.set(swap, { taking })
      if (existsSync(location)) await keepOld(location, staged)
      await rename(staged, location)
      await session.execute(view)
    }
  }

  /** Removes the old files, after the commit. Whatever becomes of them, nothing is put back any more. */
  async finish(node?: string): Promise<void> {
    const ended = this.#of(node)
    for (const swap of ended) this.#swaps.delete(swap)
    await Promise.all(
      ended.map(async ({ staged }) => {
        await this.#remove(oldOf(staged))
        await this.#remove(noteOf(staged))
      }),
    )
  }

  /** Puts the old files back. */
  async undo(node?: string): Promise<void> {
    for (const swap of this.#of(node)) {
      const taking = this.#swaps.get(swap)?.taking
      if (taking !== undefined) await putBack({ ...swap, taking }, this.#remove)
      await this.discard(swap.staged)
      this.#swaps.delete(swap)
    }
  }

  /** Removes what came to nothing. */
  async discard(staged: string): Promise<void> {
    await this.#remove(staged)
    await this.#remove(noteOf(staged))
  }

  #of(node: string | undefined): FileSwap[] {
    return [...this.#swaps.keys()].filter((swap) => node === undefined || swap.node === node)
  }
}

/** A file keeps its name until the new one takes it; a folder is away for the moment between two renames. */
async function keepOld(location: string, staged: string): Promise<void> {
  const old = oldOf(staged)
  const areFiles = (await stat(location)).isFile() && (await stat(staged)).isFile()
  // Not every file system has a second name for a file.
  const isLinked =
    areFiles && (await link(location, old).then(Boolean.bind(null, true), () => false))
  if (!isLinked) await rename(location, old)
}

/**
 * The old files where they were, or nothing where nothing was, however far the exchange had come. What another run has
 * put there since stays.
 */
export async function putBack(
  { location, staged, taking }: Pick<FileSwap, 'location' | 'staged'> & Pick<SwapNote, 'taking'>,
  removeFiles = remove,
): Promise<void> {
  const old = oldOf(staged)
  const isOurs = taking !== undefined && (await identityOf(location)) === taking
  if (isOurs) await removeFiles(location)
  if (!existsSync(location) && existsSync(old)) await rename(old, location)
  else await removeFiles(old)
}

/** Of a file or folder, whatever its name; undefined when it is not there. */
async function identityOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined)
  return found === undefined ? undefined : `${found.dev}:${found.ino}`
}

/** In one step: a note that is half written would be nobody's. */
async function writeNote(staged: string, note: SwapNote): Promise<void> {
  const written = `${noteOf(staged)}.new`
  await writeFile(written, JSON.stringify(note))
  await rename(written, noteOf(staged))
}

export function oldOf(staged: string): string {
  return `${staged}.old`
}

export function noteOf(staged: string): string {
  return `${staged}.note`
}

/** Removes files, or folders of them. */
export async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
}
