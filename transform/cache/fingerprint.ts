/**
 * What a project's files are, without reading them all: a file counts as unchanged when size, times and inode are
 * what they were, and else when its content is. The change time is set by the system alone, so no edit escapes it.
 */
import { createHash } from 'node:crypto'
import { type BigIntStats, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import type { Project, ProjectSettings } from '../project/project.ts'

/** Where the files of a project can lie. */
export type Places = {
  /** Files by themselves, there or not. */
  readonly files: readonly string[]
  /** Folders of which only the names inside count. */
  readonly listed: readonly string[]
  /** Folders that are read with all that is below them. */
  readonly folders: readonly string[]
}

/** Size, times in nanoseconds and inode, as one text. */
type Signature = string

type Entry = {
  readonly signature: Signature
  /** Of the content, in hex. */
  readonly hash: string
}

export type Fingerprint = {
  readonly places: Places
  /** Absolute path → file; a folder that counts by its names is there with their hash. */
  readonly entries: ReadonlyMap<string, Entry>
}

/** What a project or a package is read from, besides its folders. */
const ownFiles = [
  'dbt_project.yml',
  '.dbtignore',
  'packages.yml',
  'dependencies.yml',
  'package-lock.yml',
  'selectors.yml',
  'vars.yml',
]

/** A change this short before something was read may have left the times as they were. */
const clockTickNs = 20_000_000n
/** File systems that count whole seconds. */
const coarseTickNs = 2_000_000_000n

/**
 * The places of a project that was read, or undefined when they cannot be told: a folder that holds the target
 * folder changes with each run, and what a template in a list of packages means is known to `deps` alone.
 */
export function placesOf({ root, settings, packages }: Project): Places | undefined {
  const installed = resolve(root, settings.packagesPath)
  const bases = new Map([settings, ...packages].map((one) => [baseOf(root, one), one]))
  const files = [...bases.keys()].flatMap((base) => ownFiles.map((name) => join(base, name)))
  const lists = files.filter((file) => /(?:packages|dependencies)\.yml$/.test(file)).map(textOf)
  if (lists.some((text) => text.includes('{'))) return undefined
  const locals = lists
    .flatMap((text) => [...text.matchAll(/local:\s*["']?([^"'\n#]+?)["']?\s*(?:#.*)?$/gm)])
    .flatMap(([, path = '']) => [root, ...bases.keys()].map((base) => resolve(base, path)))
  const folders = [...bases].flatMap(([base, one]) =>
    foldersOf(one).map((folder) => resolve(base, folder)),
  )
  const target = resolve(root, settings.targetPath) + sep
  if (folders.some((folder) => target.startsWith(folder + sep))) return undefined
  return {
    files: unique([
      ...files,
      join(installed, '.package-lock.yml'),
      ...locals.map((local) => join(local, 'dbt_project.yml')),
    ]),
    listed: [installed],
    folders: unique(folders),
  }
}

function baseOf(root: string, { file }: ProjectSettings): string {
  return dirname(resolve(root, file))
}

function foldersOf(settings: ProjectSettings): string[] {
  return unique([
    ...settings.modelPaths,
    ...settings.seedPaths,
    ...settings.testPaths,
    ...settings.macroPaths,
    ...settings.snapshotPaths,
    ...settings.analysisPaths,
    ...settings.functionPaths,
    ...settings.docsPaths,
  ])
}

/**
 * The fingerprint of what was read since `since`, or undefined when a file may have changed meanwhile.
 * @param since nanoseconds since 1970
 * @param known hashes of files that are as they were
 */
export function takeFingerprint(
  places: Places,
  since: bigint,
  known?: Fingerprint,
): Fingerprint | undefined {
  const entries = new Map<string, Entry>()
  for (const { path, stats } of walk(places)) {
    if (stats !== undefined && stats.ctimeNs + tickOf(stats) >= since) return undefined
    const signature = signatureOf(stats)
    const same = known?.entries.get(path)
    const hash = same?.signature === signature ? same.hash : hashOf(path, stats)
    entries.set(path, { signature, hash })
  }
  return { places, entries }
}

export type Comparison = {
  /** Some files look different and hold what they held. */
  readonly isTouched: boolean
  /** Absolute paths of those that hold something else. */
  readonly edited: readonly string[]
}

/** More than these at once are no edit of somebody at work. */
const maxEdited = 20

/** How the files differ; undefined when files came or went, or many were edited. */
export function compareFiles({ places, entries }: Fingerprint): Comparison | undefined {
  let count = 0
  let isTouched = false
  const edited: string[] = []
  for (const { path, stats } of walk(places)) {
    const entry = entries.get(path)
    if (entry === undefined) return undefined
    count++
    if (entry.signature === signatureOf(stats)) continue
    if (entry.hash === hashOf(path, stats)) isTouched = true
    else if (edited.push(path) > maxEdited) return undefined
  }
  return count === entries.size ? { isTouched, edited } : undefined
}

type Found = { readonly path: string; readonly stats: BigIntStats | undefined }

function* walk({ files, listed, folders }: Places): Generator<Found> {
  for (const path of files) yield { path, stats: statOf(path) }
  for (const path of listed) yield { path, stats: statOf(path) }
  const seen = new Set<string>()
  for (const folder of folders) yield* walkFolder(folder, [], seen)
}

/** Links are followed, as they are when the project is read. */
function* walkFolder(
  folder: string,
  above: readonly string[],
  seen: Set<string>,
): Generator<Found> {
  const real = realPathOf(folder)
  if (real === undefined || above.includes(real) || seen.has(folder)) return
  seen.add(folder)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* walkFolder(path, [...above, real], seen)
    else {
      const stats = statOf(path)
      if (stats?.isDirectory()) yield* walkFolder(path, [...above, real], seen)
      else yield { path, stats }
    }
  }
}

function statOf(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })
}

function realPathOf(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined // there is no such folder
  }
}

function signatureOf(stats: BigIntStats | undefined): Signature {
  if (stats === undefined) return 'absent'
  return `${stats.size} ${stats.mtimeNs} ${stats.ctimeNs} ${stats.ino} ${stats.mode}`
}

function tickOf({ ctimeNs }: BigIntStats): bigint {
  return ctimeNs % 1_000_000_000n === 0n ? coarseTickNs : clockTickNs
}

/** Of a folder the names count; a thing that cannot be read is told by that. */
function hashOf(path: string, stats: BigIntStats | undefined): string {
  if (stats === undefined) return 'absent'
  try {
    const content = stats.isDirectory() ? namesIn(path) : readFileSync(path)
    return createHash('sha256').update(content).digest('hex')
  } catch {
    return 'unreadable'
  }
}

/** Where links lead counts too: a package may be one. */
function namesIn(folder: string): string {
  const names = readdirSync(folder).sort()
  return names.map((name) => `${name}\0${realPathOf(join(folder, name)) ?? ''}`).join('\n')
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}
