/** A `.tar.gz` of a package → a folder. Nothing is ever written outside of it, and no link leads out. */
import { mkdir, readlink, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { readTar, safePath, TarFault, type TarMember } from '../../core/read-tar.ts'

type UnpackLimits = { readonly maxBytes: number; readonly maxFiles: number }

/** Packages are texts: the largest public ones unpack to a few MiB. */
const defaultUnpackLimits: UnpackLimits = { maxBytes: 256 * 1024 * 1024, maxFiles: 50_000 }

/**
 * Unpacks into `folder`, which must not be there; the single folder that the archive holds becomes `folder` itself.
 * @param name of the package, for messages
 * @throws `packages/bad-archive`; `folder` is gone then
 */
export async function unpackArchive(
  archive: Buffer,
  folder: string,
  name: string,
  limits: UnpackLimits = defaultUnpackLimits,
): Promise<void> {
  try {
    const members = withoutTopFolder(readTar(await inflate(archive, limits), limits.maxFiles))
    await mkdir(folder, { recursive: true })
    await writeMembers(folder, members)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw problem(
      'packages/bad-archive',
      { package: name, reason: reasonOf(error) },
      { cause: error },
    )
  }
}

function reasonOf(error: unknown): string {
  return error instanceof TarFault ? error.message : messageOf(error)
}

async function inflate(archive: Buffer, { maxBytes }: UnpackLimits): Promise<Buffer> {
  try {
    return await promisify(gunzip)(archive, { maxOutputLength: maxBytes })
  } catch (cause) {
    const isLarge =
      cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE'
    const reason = isLarge
      ? `it unpacks to more than ${maxBytes} bytes`
      : 'it is not in gzip format, or damaged'
    throw new TarFault(reason, { cause })
  }
}

function withoutTopFolder(members: readonly TarMember[]): TarMember[] {
  const tops = [...new Set(members.map(({ path }) => path[0]))]
  const [top] = tops
  const isFile = members.some(({ path, kind }) => path.length === 1 && kind !== 'folder')
  if (top === undefined || tops.length > 1 || isFile) {
    throw new TarFault(`it must hold one folder, and holds ${tops.join(', ') || 'nothing'}`)
  }
  return members
    .map((member) => ({ ...member, path: member.path.slice(1) }))
    .filter(({ path }) => path.length > 0)
}

/** Links come last: no file is written through one. */
async function writeMembers(folder: string, members: readonly TarMember[]): Promise<void> {
  assertNothingBelowLinks(members)
  const files = new Map<string, TarMember>()
  for (const member of members) {
    const path = member.path.join('/')
    if (member.kind === 'folder') await mkdir(join(folder, path), { recursive: true })
    if (member.kind === 'file') files.set(path, member)
    if (member.kind === 'copy') files.set(path, originalOf(member, files))
  }
  for (const [path, { content, isExecutable }] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content, { mode: isExecutable ? 0o755 : 0o644 })
  }
  await writeLinks(
    folder,
    members.filter(({ kind }) => kind === 'link'),
  )
}

/** A path through a link would be written where the link leads. Some file systems take `A` and `a` for the same. */
function assertNothingBelowLinks(members: readonly TarMember[]): void {
  const keyOf = (path: readonly string[]) => path.join('/').normalize('NFC').toLowerCase()
  const links = new Set(members.flatMap(({ kind, path }) => (kind === 'link' ? [keyOf(path)] : [])))
  for (const { path } of members) {
    const through = path.findIndex(
      (_, depth) => depth > 0 && links.has(keyOf(path.slice(0, depth))),
    )
    if (through !== -1) throw new TarFault(`${path.join('/')} stands below a link`)
  }
}

function originalOf({ path, target }: TarMember, files: ReadonlyMap<string, TarMember>): TarMember {
  const original = files.get(safePath(target).slice(1).join('/'))
  if (original !== undefined) return original
  throw new TarFault(`${path.join('/')} repeats ${JSON.stringify(target)}, which is not in it`)
}

async function writeLinks(folder: string, links: readonly TarMember[]): Promise<void> {
  const places = links.map(({ path }) => join(folder, ...path))
  for (const [index, { target }] of links.entries()) {
    const place = places[index] ?? ''
    await mkdir(dirname(place), { recursive: true })
    await symlink(target, place)
  }
  const root = await realpath(folder)
  for (const place of places) {
    const target = await realpath(place).catch(() => undefined)
    if (target === undefined) {
      await rm(place, { force: true }) // it leads nowhere today; tomorrow it could
    } else if (target !== root && !target.startsWith(`${root}/`)) {
      const shown = `${relative(folder, place)} → ${await readlink(place)}`
      throw new TarFault(`the link ${shown} leads out of the archive`)
    }
  }
}
