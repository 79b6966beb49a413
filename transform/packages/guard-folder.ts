/** The folder of packages is replaced as a whole: what is in it must be nothing but packages. */
import { existsSync, realpathSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { problem } from '../../core/problems.ts'
import type { PinnedPackage } from './pinned-package.ts'

/**
 * @param projectDir absolute
 * @param packagesPath where the packages go, relative to the project
 * @throws `packages/unsafe-folder` when the project, a local package or anything that is no package stands there
 */
export async function assertReplaceable(
  projectDir: string,
  packagesPath: string,
  packages: readonly PinnedPackage[],
): Promise<void> {
  const folder = resolve(projectDir, packagesPath)
  const refuse = (reason: string) =>
    problem('packages/unsafe-folder', { folder: packagesPath, reason })
  if (!existsSync(folder)) return
  if (isWithin(folder, projectDir)) throw refuse('the project itself stands in it')
  for (const { pin } of packages) {
    if (pin.kind !== 'local' || !isWithin(folder, pin.path)) continue
    throw refuse(`the local package ${pin.written} stands in it`)
  }
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (isPackage(folder, entry.name) || entry.isSymbolicLink()) continue
    throw refuse(`${entry.name} in it is no package`)
  }
}

/** What other tools leave beside packages goes with them: hidden files, and the lock file that dbt 1 puts there. */
function isPackage(folder: string, name: string): boolean {
  const isOther = name.startsWith('.') || name === 'package-lock.yml'
  return isOther || existsSync(join(folder, name, 'dbt_project.yml'))
}

function isWithin(folder: string, path: string): boolean {
  return `${realpathSync(path)}${sep}`.startsWith(`${realpathSync(folder)}${sep}`)
}
