/**
 * The members of a tar archive. It reads what `git archive` and the usual tools write (ustar, pax, GNU long names) and
 * refuses the rest: an archive comes from a stranger.
 */

export type TarMember = {
  /** Parts of the path; none of them is empty, `.` or `..`. */
  readonly path: readonly string[]
  readonly kind: 'file' | 'folder' | 'link' | 'copy'
  /** Of a file. */
  readonly content: Buffer
  readonly isExecutable: boolean
  /** Of a link: text of the link; of a copy: the path of the member that it repeats. */
  readonly target: string
}

const blockSize = 512

/** What is wrong with an archive, in words that continue "is refused:". */
export class TarFault extends Error {}

/** @throws TarFault */
export function readTar(archive: Buffer, maxMembers: number): TarMember[] {
  const members: TarMember[] = []
  let overrides: Overrides = {}
  let offset = 0
  for (;;) {
    const header = archive.subarray(offset, offset + blockSize)
    if (header.length < blockSize) throw new TarFault('it ends in the middle')
    if (header.every((byte) => byte === 0)) return members
    assertChecksum(header)
    const size = overrides.size ?? readNumber(header, 124, 12)
    const content = archive.subarray(offset + blockSize, offset + blockSize + size)
    if (content.length < size) throw new TarFault('it ends in the middle')
    offset += blockSize + Math.ceil(size / blockSize) * blockSize
    const type = String.fromCharCode(header[156] ?? 0)
    if (type === 'g') continue // holds for all members; git writes the commit there
    if (type === 'x' || type === 'L' || type === 'K') {
      overrides = { ...overrides, ...readOverrides(type, content) }
      continue
    }
    const member = readMember(header, type, content, overrides)
    if (member !== undefined) members.push(member)
    if (members.length > maxMembers) throw new TarFault(`it has more than ${maxMembers} files`)
    overrides = {}
  }
}

/** What a header before the member says of it. */
type Overrides = { readonly path?: string; readonly target?: string; readonly size?: number }

function readOverrides(type: string, content: Buffer): Overrides {
  if (type === 'L') return { path: textOf(content) }
  if (type === 'K') return { target: textOf(content) }
  const found: { path?: string; target?: string; size?: number } = {}
  let rest = content
  while (rest.length > 0 && rest[0] !== 0) {
    const space = rest.indexOf(0x20)
    const length = Number(rest.toString('latin1', 0, Math.max(0, space)))
    if (!(length > space + 1 && length <= rest.length)) throw new TarFault('a pax header is broken')
    const record = rest.toString('utf8', space + 1, length - 1)
    const [key = ''] = record.split('=', 1)
    const value = record.slice(key.length + 1)
    if (key === 'path') found.path = value
    if (key === 'linkpath') found.target = value
    if (key === 'size') found.size = sizeOf(Number(value))
    rest = rest.subarray(length)
  }
  return found
}

function readMember(
  header: Buffer,
  type: string,
  content: Buffer,
  overrides: Overrides,
): TarMember | undefined {
  const isUstar = header.toString('latin1', 257, 262) === 'ustar'
  const prefix = isUstar && header[263] === 0x30 ? textOf(header.subarray(345, 500)) : ''
  const name = textOf(header.subarray(0, 100))
  const path = safePath(overrides.path ?? (prefix === '' ? name : `${prefix}/${name}`))
  const kind = kindOf(type, path.join('/'))
  if (path.length === 0) {
    if (kind === 'folder') return undefined // `./`
    throw new TarFault('a member has no name')
  }
  const target = overrides.target ?? textOf(header.subarray(157, 257))
  const isExecutable = (readNumber(header, 100, 8) & 0o100) !== 0
  return { path, kind, content, isExecutable, target }
}

function kindOf(type: string, path: string): TarMember['kind'] {
  switch (type) {
    case '0':
    case '7':
    case '\0':
      return 'file'
    case '5':
      return 'folder'
    case '2':
      return 'link'
    case '1':
      return 'copy'
    default:
      throw new TarFault(`${path} is neither a file nor a folder nor a link`)
  }
}

/** The parts of a path that stays inside. */
export function safePath(path: string): string[] {
  const parts = path.split('/')
  // A backslash or a colon would lead elsewhere on Windows.
  const leadsOut = path.startsWith('/') || parts.includes('..') || /[\0\\]|^[a-z]:/i.test(path)
  if (leadsOut) throw new TarFault(`${JSON.stringify(path)} leads out of the archive`)
  return parts.filter((part) => part !== '' && part !== '.')
}

function assertChecksum(header: Buffer): void {
  const stated = readNumber(header, 148, 8)
  // Its own eight bytes count as blanks.
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0)
  if (sum !== stated) throw new TarFault('it is no tar archive, or damaged')
}

/** Octal text, or binary when the first bit is set. */
function readNumber(header: Buffer, start: number, length: number): number {
  const field = header.subarray(start, start + length)
  if (((field[0] ?? 0) & 0x80) !== 0) {
    const value = field.subarray(1).reduce((total, byte) => total * 256 + byte, 0)
    return sizeOf(value)
  }
  const text = field
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trimStart()
  if (!/^[0-7]*$/.test(text)) throw new TarFault('it is no tar archive, or damaged')
  return sizeOf(Number.parseInt(text || '0', 8))
}

function sizeOf(value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new TarFault('it states an impossible size')
}

function textOf(field: Buffer): string {
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end === -1 ? field.length : end)
}
