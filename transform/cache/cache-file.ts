/**
 * The file of the cache: one line that says what wrote it, then the parts, each in V8's own format. What another
 * release of Millrace or Node wrote, what is cut short or damaged, is as good as absent.
 */
import { hash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { deserialize, serialize } from 'node:v8'

type Part = { readonly bytes: number; readonly sha1: string }
type Head = { readonly writer: string; readonly parts: Readonly<Record<string, Part>> }

/** The parts of a cache, each made when it is asked for; undefined for one that is not there or is damaged. */
export type CacheFile = {
  readonly part: (name: string) => unknown
  /** A part as it stands in the file, to be written again. */
  readonly written: (name: string) => WrittenPart | undefined
}

class WrittenPart {
  readonly bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  /** What was written. */
  read(): unknown {
    return deserialize(this.bytes)
  }
}

/** Where a cache lies, and what has to have written it. */
export type Place = { readonly path: string; readonly writer: string }

/** What has to be the same for a cache to be read at all. @param release of Millrace */
export function writerOf(release: string): string {
  return JSON.stringify({ format: 4, release, node: process.version, arch: process.arch })
}

export function readCacheFile(path: string, writer: string): CacheFile | undefined {
  try {
    const bytes = readFileSync(path)
    const end = bytes.indexOf(10)
    // Written below; whatever else it is fails one of the checks.
    const head = JSON.parse(bytes.toString('utf8', 0, end)) as Head
    if (head.writer !== writer) return undefined
    return partReader(head, bytes.subarray(end + 1))
  } catch {
    return undefined
  }
}

function partReader({ parts }: Head, body: Buffer): CacheFile {
  const written = (name: string) => {
    let start = 0
    for (const [each, { bytes, sha1 }] of Object.entries(parts)) {
      const part = body.subarray(start, start + bytes)
      start += bytes
      if (each !== name) continue
      return part.length === bytes && hash('sha1', part) === sha1
        ? new WrittenPart(part)
        : undefined
    }
    return undefined
  }
  const part = (name: string) => {
    try {
      return written(name)?.read()
    } catch {
      return undefined
    }
  }
  return { part, written }
}

/**
 * Writes the parts beside the place and moves them there, so that no reader meets half a file and of two writers the
 * later one wins. A cache that cannot be written is none: the next run does without.
 */
export function writeCacheFile(
  { path, writer }: Place,
  parts: Readonly<Record<string, unknown>>,
): void {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    const bodies = Object.entries(parts)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, bytesOf(value)] as const)
    const heads = bodies.map(([name, body]) => [
      name,
      { bytes: body.length, sha1: hash('sha1', body) },
    ])
    const head: Head = { writer, parts: Object.fromEntries(heads) }
    mkdirSync(dirname(path), { recursive: true })
    const line = Buffer.from(`${JSON.stringify(head)}\n`)
    writeFileSync(temporary, Buffer.concat([line, ...bodies.map(([, body]) => body)]))
    renameSync(temporary, path)
  } catch {
    removeQuietly(temporary)
  }
}

/** Where nothing can be written, there may be no folder to remove from either. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {}
}

function bytesOf(value: unknown): Buffer {
  return value instanceof WrittenPart ? value.bytes : serialize(value)
}
