/** Files of a project, in an order that is the same on every machine. */
import { type Dirent, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, join, relative, sep } from 'node:path'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { Report } from './report.ts'
import { encodingProblem } from './utf8.ts'

/** Where a project or package lies: `file`s are named relative to `root`, folders are searched under `base`. */
export type Place = {
  readonly root: string
  readonly base: string
  /** The folder as messages name it. */
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

/** Files under the folders whose name fits, each once, sorted; a folder that is not there has none. */
export type FindFiles = (folders: readonly string[], pattern: RegExp) => FoundFile[]

/**
 * A search that walks each folder once, however often it is asked.
 *
 * Reading is synchronous: the files are many and small, and a promise for each costs more than the read.
 * @param isIgnored of paths relative to the place's base, with `/`
 */
export function fileFinder(place: Place, isIgnored: (path: string) => boolean): FindFiles {
  const walked = new Map<string, readonly FoundFile[]>()
  const filesOf = (folder: string) => {
    const known = walked.get(folder) ?? walk(place, folder, isIgnored)
    walked.set(folder, known)
    return known
  }
  return (folders, pattern) => {
    const found = new Map<string, FoundFile>()
    for (const folder of folders) {
      for (const file of filesOf(folder)) {
        // What lies in two of the folders belongs to the first.
        if (pattern.test(file.file) && !found.has(file.file)) found.set(file.file, file)
      }
    }
    return [...found.values()].sort((left, right) => (left.file < right.file ? -1 : 1))
  }
}

function walk(
  { root, base }: Place,
  folder: string,
  isIgnored: (path: string) => boolean,
): FoundFile[] {
  const found: FoundFile[] = []
  const start = join(base, folder)
  const fromRoot = posix(relative(root, start))
  const fromBase = posix(relative(base, start))
  const visit = (path: string, folders: readonly string[], above: readonly string[]): void => {
    const below = folders.map((name) => `${name}/`).join('')
    for (const entry of entriesOf(path)) {
      const { name } = entry
      const absolutePath = join(path, name)
      const kind = kindOf(entry, absolutePath)
      if (kind === undefined || isIgnored(joinPosix(fromBase, below + name))) continue
      if (kind === 'folder') {
        // A link to a folder that holds it would be walked without end.
        const real = entry.isSymbolicLink() ? realpathSync(absolutePath) : absolutePath
        if (!above.includes(real)) visit(absolutePath, [...folders, name], [...above, real])
      } else if (!/^[.#~]/.test(name)) {
        const file = joinPosix(fromRoot, below + name)
        found.push({ name: stem(name), file, absolutePath, folders })
      }
    }
  }
  visit(start, [], [start])
  return found
}

function entriesOf(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true })
  } catch {
    return []
  }
}

function kindOf(entry: Dirent, path: string): 'file' | 'folder' | undefined {
  const target = entry.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : entry
  if (target?.isFile()) return 'file'
  return target?.isDirectory() ? 'folder' : undefined
}

/** A file's name without its ending, which may be followed by one of Jinja's. */
function stem(name: string): string {
  return basename(name)
    .replace(/\.(?:j2|jinja2?)$/, '')
    .replace(/(?<=.)\.[^.]*$/, '')
}

/** A file's text; an unreadable one is a problem and empty, and one that is no UTF-8 is a problem too. */
export function readText(
  { file, absolutePath }: Pick<FoundFile, 'file' | 'absolutePath'>,
  report: Report,
): string {
  try {
    const text = readFileSync(absolutePath, 'utf8')
    const wrong = encodingProblem(file, absolutePath, text)
    if (wrong !== undefined) report.problems.push(wrong)
    return text
  } catch (cause) {
    const reason = messageOf(cause)
    report.problems.push(problem('model/unreadable', { reason }, { cause, at: { file } }))
    return ''
  }
}

function joinPosix(folder: string, path: string): string {
  return folder === '' ? path : `${folder}/${path}`
}

function posix(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/')
}
