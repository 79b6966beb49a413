/**
 * Files that models write. They are written beside their place and take it just before the commit, while the old ones
 * wait under another name: a run that fails leaves the old files, and so does a commit that fails.
 */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
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

type State = 'staged' | 'swapped'

/** The files of one run. */
export class FileSwaps {
  readonly #swaps = new Map<FileSwap, State>()
  readonly #remove: (path: string) => Promise<void>

  constructor(removeFiles = remove) {
    this.#remove = removeFiles
  }

  add(swap: FileSwap): void {
    this.#swaps.set(swap, 'staged')
  }

  /** Puts the files in their places, inside the transaction that names them. @param node only those of a node */
  async publish(session: Pick<Session, 'execute'>, node?: string): Promise<void> {
    for (const [swap, state] of this.#swaps) {
      if (state !== 'staged' || (node !== undefined && swap.node !== node)) continue
      const { location, staged, view } = swap
      if (existsSync(location)) await rename(location, oldOf(swap))
      this.#swaps.set(swap, 'swapped')
      await rename(staged, location)
      await session.execute(view)
    }
  }

  /** Removes the old files, after the commit. Whatever becomes of them, nothing is put back any more. */
  async finish(node?: string): Promise<void> {
    const ended = this.#of(node)
    for (const swap of ended) this.#swaps.delete(swap)
    await Promise.all(ended.map((swap) => this.#remove(oldOf(swap))))
  }

  /** Puts the old files back. */
  async undo(node?: string): Promise<void> {
    for (const swap of this.#of(node)) {
      if (this.#swaps.get(swap) === 'swapped') {
        await this.#remove(swap.location)
        if (existsSync(oldOf(swap))) await rename(oldOf(swap), swap.location)
      }
      await this.#remove(swap.staged)
      this.#swaps.delete(swap)
    }
  }

  #of(node: string | undefined): FileSwap[] {
    return [...this.#swaps.keys()].filter((swap) => node === undefined || swap.node === node)
  }
}

/** A free name in the same folder, so that taking the place is one rename. */
export async function stagedPlace(location: string): Promise<string> {
  const folder = dirname(location)
  await mkdir(folder, { recursive: true })
  return join(folder, `.${basename(location)}.${randomUUID()}`)
}

function oldOf({ staged }: FileSwap): string {
  return `${staged}.old`
}

/** Removes files that came to nothing. */
export async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
}
