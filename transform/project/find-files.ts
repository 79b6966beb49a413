/** Files of a project, in an order that is the same on every machine. */
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, extname, join, relative, sep } from 'node:path'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { Report } from './report.ts'

/** Where a project or package lies: `file`s are named relative to `root`, folders are searched under `base`. */
export type Place = {
  readonly root: string
  readonly base: string
  /** The folder as the user wrote it, for messages. */
  readonly shown: string
}

export type FoundFile = {
  readonly name: string
  /** Relative to the root project, with `/`. */
  readonly file: string
  readonly absolutePath: string
  /** Folders between the searched folder and the file, outermost first. */
  readonly folders: readonly string[]
}

/** Files under the folders whose name fits, sorted. */
export async function findFiles(
  { root, base }: Place,
  folders: readonly string[],
  pattern: RegExp,
): Promise<FoundFile[]> {
  const lists = folders.map(async (folder) => {
    const start = join(base, folder)
    const entries = await readdir(start, { withFileTypes: true, recursive: true }).catch(() => [])
    return entries
      .filter((entry) => entry.isFile() && pattern.test(entry.name) && !entry.name.startsWith('.'))
      .map((entry): FoundFile => {
        const absolutePath = join(entry.parentPath, entry.name)
        const below = posix(relative(start, dirname(absolutePath)))
        return {
          name: basename(entry.name, extname(entry.name)),
          file: posix(relative(root, absolutePath)),
          absolutePath,
          folders: below === '' ? [] : below.split('/'),
        }
      })
  })
  const all = (await Promise.all(lists)).flat()
  return all.sort((left, right) => (left.file < right.file ? -1 : 1))
}

/** A file's text; an unreadable one is a problem and empty. */
export async function readText(
  { file, absolutePath }: Pick<FoundFile, 'file' | 'absolutePath'>,
  report: Report,
): Promise<string> {
  try {
    return await readFile(absolutePath, 'utf8')
  } catch (cause) {
    const reason = messageOf(cause)
    report.problems.push(problem('model/unreadable', { reason }, { cause, at: { file } }))
    return ''
  }
}

function posix(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/')
}
