/** Tar archives made by hand, so that a test can put anything into one. */
import { gzipSync } from 'node:zlib'

export type TarPart = {
  readonly path: string
  readonly text?: string
  /** One letter: `0` a file (default), `5` a folder, `2` a link, `1` a copy, `x` a pax header, … */
  readonly type?: string
  readonly target?: string
  readonly mode?: number
  /** Size that the header states; default that of the text. */
  readonly size?: number
}

const end = Buffer.alloc(1024)

/** The archive, not compressed. */
export function makeTar(parts: readonly TarPart[]): Buffer {
  return Buffer.concat([...parts.map(makeMember), end])
}

export function makeTarGz(parts: readonly TarPart[]): Buffer {
  return gzipSync(makeTar(parts))
}

/** A package as a hub has it: its files below one folder. */
export function packageArchive(top: string, files: Readonly<Record<string, string>>): Buffer {
  return makeTarGz(Object.entries(files).map(([path, text]) => ({ path: `${top}/${path}`, text })))
}

function makeMember({ path, text = '', type = '0', target = '', mode = 0o644, size }: TarPart) {
  const content = Buffer.from(text)
  const header = Buffer.alloc(512)
  header.write(path, 0, 100)
  header.write(octal(mode, 8), 100)
  header.write(octal(0, 8), 108)
  header.write(octal(0, 8), 116)
  header.write(octal(size ?? content.length, 12), 124)
  header.write(octal(0, 12), 136)
  header.write(' '.repeat(8), 148)
  header.write(type, 156)
  header.write(target, 157, 100)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, content, Buffer.alloc(-content.length & 511)])
}

function octal(value: number, length: number): string {
  return `${value.toString(8).padStart(length - 1, '0')}\0`
}
