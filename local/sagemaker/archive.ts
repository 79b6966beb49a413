/** model.tar.gz: written so that the same files give the same bytes, and read with the system's tar. */
import {
  createReadStream,
  createWriteStream,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { run } from '../process/run.ts'

const block = 512

/**
 * Packs what a directory holds, sorted, without owners and times.
 * @returns false, and writes nothing, when there is no file
 */
export async function packDirectory(directory: string, target: string): Promise<boolean> {
  const files = filesBelow(directory)
  if (files.length === 0) return false
  await pipeline(tarOf(directory, files), createGzip(), createWriteStream(target))
  return true
}

/** Unpacks an archive. @returns why not, if that did not work */
export async function unpackArchive(file: string, directory: string): Promise<string | undefined> {
  mkdirSync(directory, { recursive: true })
  // tar takes nothing out of the directory: it refuses `..` and makes absolute names relative.
  const options = ['--no-same-owner', '--no-same-permissions']
  const { failure, output } = await run('tar', ['-xzf', file, '-C', directory, ...options])
  if (failure !== undefined) return `${failure}: ${output.trim().split('\n')[0]}`
  const stranger = strangerBelow(realpathSync(directory), directory)
  return stranger && `${stranger} is neither a file, nor a directory, nor a link within the archive`
}

/** What no model consists of: a device, a pipe, a link that leaves the archive or leads nowhere. */
function strangerBelow(root: string, directory: string): string | undefined {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name)
    const stats = lstatSync(path)
    const within = stats.isDirectory() ? strangerBelow(root, path) : undefined
    if (within !== undefined) return within
    const isKnown =
      stats.isDirectory() || stats.isFile() || (stats.isSymbolicLink() && leadsInto(root, path))
    if (!isKnown) return name
  }
  return undefined
}

function leadsInto(root: string, link: string): boolean {
  try {
    return `${realpathSync(link)}/`.startsWith(`${root}/`)
  } catch {
    return false
  }
}

/**
 * Paths of the files below a directory, relative, in byte order. Links are followed, as SageMaker does, but not
 * those to a directory that they are in.
 */
export function filesBelow(
  directory: string,
  prefix = '',
  above: readonly string[] = [],
): readonly string[] {
  const here = realpathSync(join(directory, prefix))
  if (above.includes(here)) return []
  return readdirSync(here)
    .sort()
    .flatMap((name) => {
      const path = prefix === '' ? name : `${prefix}/${name}`
      const stats = statOf(join(directory, path))
      if (stats?.isDirectory() === true) return filesBelow(directory, path, [...above, here])
      return stats?.isFile() === true ? [path] : []
    })
}

/** Undefined for a link that leads nowhere, or to itself. */
function statOf(path: string) {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

async function* tarOf(directory: string, files: readonly string[]): AsyncGenerator<Buffer> {
  for (const path of files) {
    const { size, mode } = statSync(join(directory, path))
    yield headerOf(path, size, mode & 0o111 ? 0o755 : 0o644)
    let written = 0
    const content = size === 0 ? [] : createReadStream(join(directory, path), { end: size - 1 })
    for await (const chunk of content) {
      written += chunk.length
      yield chunk
    }
    if (written !== size) throw new Error(`${path} changed while it was packed`)
    yield Buffer.alloc(-size & (block - 1))
  }
  yield Buffer.alloc(2 * block)
}

/** The header of a file; one with a long name or of 8 GiB and more has another before it, which says so (POSIX pax). */
function headerOf(path: string, size: number, mode: number): Buffer {
  const isLong = Buffer.byteLength(path) > maxName
  const isLarge = size > maxSize
  const plain = plainHeader(isLong ? 'long' : path, isLarge ? 0 : size, mode, '0')
  if (!isLong && !isLarge) return plain
  const records = [
    ...(isLong ? [paxRecord('path', path)] : []),
    ...(isLarge ? [paxRecord('size', String(size))] : []),
  ]
  const said = Buffer.from(records.join(''))
  const padding = Buffer.alloc(-said.length & (block - 1))
  return Buffer.concat([plainHeader('pax', said.length, 0o644, 'x'), said, padding, plain])
}

/** `<length of all of this> <key>=<value>`, the digits of the length included. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  const bytes = Buffer.byteLength(rest)
  const digits = String(bytes + String(bytes).length).length
  return `${bytes + digits}${rest}`
}

const maxName = 100
const maxSize = 8 ** 11 - 1

function plainHeader(name: string, size: number, mode: number, type: '0' | 'x'): Buffer {
  const header = Buffer.alloc(block)
  header.write(name, 0, maxName)
  header.write(`${octal(mode, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100)
  header.write(`${octal(size, 11)}\0${octal(0, 11)}\0        ${type}`, 124)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${octal(sum, 6)}\0 `, 148)
  return header
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}
