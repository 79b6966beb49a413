/** Which packages are listed and not there. */
import { MillraceError, type Position } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { withoutCredentials } from '../../core/redact.ts'
import { readLock } from './lock-file.ts'
import type { ListedPackage } from './package-entry.ts'
import { hashOfPackages } from './read-list.ts'

export type Presence = {
  readonly root: string
  /** The packages folder, relative to the project. */
  readonly folder: string
  /** What the project lists, templates not rendered: the lock file was made from that. */
  readonly own: readonly ListedPackage[]
  /** What the project and its local packages list. */
  readonly listed: readonly ListedPackage[]
  /** Names of the packages that were found. */
  readonly names: readonly string[]
  /** How many of them stand in the packages folder. */
  readonly installedCount: number
}

/** One problem a package; and `packages/bad-lock`. */
export async function findMissing(presence: Presence): Promise<MillraceError[]> {
  const { root, folder, own, listed, names } = presence
  const missing = (name: string, at: Position) =>
    problem('model/missing-package', { package: name, folder }, { at })
  if (listed.every(({ entry }) => entry.kind === 'local')) return []
  try {
    const lock = await readLock(root, undefined)
    // A list with templates cannot be hashed here; its lock file is then taken at its word.
    const isCurrent =
      own.some(({ hasTemplate }) => hasTemplate) || lock?.hash === hashOfPackages(own)
    if (lock !== undefined && isCurrent) {
      return lock.packages
        .filter(({ name }) => name !== undefined && !names.includes(name))
        .map(({ name = '', at }) => missing(name, at))
    }
  } catch (error) {
    if (error instanceof MillraceError) return [error]
    throw error
  }
  return missingWithoutLock(presence).map(({ name, at }) => missing(name, at))
}

/** The name of a git package is only known once it is there, so those can only be counted. */
function missingWithoutLock({ listed, names, installedCount }: Presence) {
  const named = listed.flatMap((one) => ({ ...one, project: projectOf(one) }))
  const absent = named.filter(({ project }) => project !== undefined && !names.includes(project))
  const unnamed = named.filter(
    ({ project, entry }) => project === undefined && entry.kind !== 'local',
  )
  const accounted = named.filter(({ project }) => project !== undefined && names.includes(project))
  const isShort = installedCount - accounted.length < unnamed.length
  return [...absent, ...(isShort ? unnamed : [])].map(({ entry, at }) => ({
    name: shown(entry),
    at,
  }))
}

function projectOf({ entry, hasTemplate }: ListedPackage): string | undefined {
  if (hasTemplate) return undefined
  if (entry.kind === 'hub') return entry.package.split('/').at(-1)
  return entry.kind === 'tarball' ? entry.name : undefined
}

function shown(entry: ListedPackage['entry']): string {
  switch (entry.kind) {
    case 'hub':
      return entry.package
    case 'git':
      return withoutCredentials(entry.writtenUrl)
    case 'tarball':
      return entry.name
    case 'local':
      return entry.path
    default:
      return entry satisfies never
  }
}
