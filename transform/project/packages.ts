/**
 * The packages of a project: whatever stands in the packages folder, and the local folders that lists name. Nothing
 * is fetched here: `deps` does that, and a folder that was copied from elsewhere is as good.
 */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { findMissing } from '../packages/find-missing.ts'
import { findOutdated } from '../packages/find-outdated.ts'
import { localFolder, resolveLocal } from '../packages/local-folder.ts'
import type { ListedPackage } from '../packages/package-entry.ts'
import { readPackageList } from '../packages/read-list.ts'
import { type Folder, loadFolder } from './load-folder.ts'
import type { ProjectSettings } from './project.ts'
import { emptyReport, type Report } from './report.ts'

/** Every package once, by name; one in the packages folder wins over a local folder of the same name. */
export async function findPackages(
  root: string,
  settings: ProjectSettings,
  report: Report,
): Promise<Folder[]> {
  const found = new Map<string, Folder>()
  const load = async (base: string) => {
    const folder = await loadPackage(root, base, report)
    if (folder === undefined || folder.settings.name === settings.name) return false
    const isNew = !found.has(folder.settings.name)
    if (isNew) found.set(folder.settings.name, folder)
    return isNew
  }
  const installed = join(root, settings.packagesPath)
  const folders = await foldersIn(installed)
  for (const base of folders) await load(base)
  const installedCount = found.size
  const lists: (readonly ListedPackage[])[] = []
  const waiting = [root]
  for (let base = waiting.pop(); base !== undefined; base = waiting.pop()) {
    const packages = await listOf(root, base, report)
    lists.push(packages)
    const isInstalled = installedCount >= packages.length
    for (const local of localFolders(root, base, packages, isInstalled, report)) {
      if (await load(local)) waiting.push(local)
    }
  }
  const [own = []] = lists
  // The entry of a tarball names the folder, whatever the project inside is called.
  const names = [...found.keys(), ...folders.map((path) => basename(path))]
  const presence = { root, folder: settings.packagesPath, own, listed: lists.flat(), names }
  report.problems.push(...(await findMissing({ ...presence, installedCount })))
  report.warnings.push(...(await findOutdated(root, installed)))
  return [...found.values()]
}

async function foldersIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map((entry) => join(path, entry.name))
    .sort()
}

/** A package's warnings are its author's business; its problems are the project's. */
async function loadPackage(root: string, base: string, report: Report) {
  const own = emptyReport()
  try {
    return await loadFolder({ root, base, shown: relative(root, base) }, own)
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    own.problems.push(error)
    return undefined
  } finally {
    report.problems.push(...own.problems)
  }
}

async function listOf(root: string, base: string, report: Report) {
  const place = { folder: base, shown: relative(root, base), isProject: base === root }
  const { packages, problems } = await readPackageList(place, undefined)
  report.problems.push(...problems)
  return packages
}

function localFolders(
  root: string,
  base: string,
  packages: readonly ListedPackage[],
  isInstalled: boolean,
  report: Report,
): string[] {
  return packages.flatMap(({ entry, hasTemplate, at }) => {
    if (entry.kind !== 'local' || hasTemplate) return []
    const folder = localFolder(root, resolveLocal(root, base, entry.path))
    if (existsSync(join(folder, 'dbt_project.yml'))) return [folder]
    // What was installed from there is as good as the folder.
    if (isInstalled) return []
    const reason = `${entry.path} is no folder with a dbt_project.yml`
    report.problems.push(problem('packages/bad-entry', { reason }, { at }))
    return []
  })
}
