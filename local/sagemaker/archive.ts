/** model.tar.gz: written so that the same files give the same bytes, and read with the system's tar. */
import { createReadStream, createWriteStream, mkdirSync, readdirSync, statSync } from 'node:fs'
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
  const { failure, output } = await run('tar', ['-xzf', file, '-C', directory, '--no-same-owner'])
  return failure === undefined ? undefined : `${failure}: ${output.trim().split('\n')[0]}`
}

/** Paths of the files below a directory, relative, in byte order. Links are followed, as SageMaker does. */
export function filesBelow(directory: string, prefix = ''): readonly string[] {
  return readdirSync(join(directory, prefix))
    .sort()
    .flatMap((name) => {
      const path = prefix === '' ? name : `${prefix}/${name}`
      const stats = statSync(join(directory, path), { throwIfNoEntry: false })
      if (stats?.isDirectory() === true) return filesBelow(directory, path)
      return stats?.isFile() === true ? [path] : []
    })
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

function headerOf(path: string, size: number, mode: number): Buffer {
  const header = Buffer.alloc(block)
  const [prefix, name] = splitName(path)
  header.write(name, 0, 100)
  header.write(`${octal(mode, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100)
  header.write(`${octal(size, 11)}\0${octal(0, 11)}\0        0`, 124)
  header.write('ustar\x0000', 257)
  header.write(prefix, 345, 155)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${octal(sum, 6)}\0 `, 148)
  return header
}

/** A name of more than 100 bytes goes into two fields, divided at a slash. */
function splitName(path: string): readonly [string, string] {
  if (Buffer.byteLength(path) <= 100) return ['', path]
  for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)]
    if (Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155) return [prefix, name]
  }
  throw new Error(`the name of ${path} is too long for a tar archive`)
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}
