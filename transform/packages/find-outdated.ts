/** Which packages are installed in another version than the lock file says; `deps` notes what it installed. */
import { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { withoutCredentials } from '../../core/redact.ts'
import { installedLockName, type Lock, lockFileName, readLock } from './lock-file.ts'
import type { ListedPackage } from './package-entry.ts'

/**
 * One `packages/version-differs` a package. Of a folder that something else installed nothing is known.
 * @param folder the packages folder
 */
export async function findOutdated(root: string, folder: string): Promise<MillraceError[]> {
  const locked = await lockOf(root, lockFileName)
  const installed = await lockOf(folder, installedLockName)
  if (locked === undefined || installed === undefined) return []
  return locked.packages.flatMap((one) => {
    const other = installed.packages.find(({ name }) => name === one.name)
    if (other === undefined || versionOf(other) === versionOf(one)) return []
    const parameters = {
      project: one.name ?? '',
      installed: versionOf(other),
      locked: versionOf(one),
    }
    return [problem('packages/version-differs', parameters, { at: one.at })]
  })
}

/** A broken lock file is reported where it is needed. */
async function lockOf(folder: string, name: string): Promise<Lock | undefined> {
  return await readLock(folder, undefined, name).catch((error: unknown) => {
    if (error instanceof MillraceError) return undefined
    throw error
  })
}

function versionOf({ entry }: ListedPackage): string {
  switch (entry.kind) {
    case 'hub':
      return entry.versions.join(', ')
    case 'git':
      return entry.revision ?? 'HEAD'
    case 'tarball':
      return withoutCredentials(entry.writtenUrl)
    case 'local':
      return entry.path
    default:
      return entry satisfies never
  }
}
