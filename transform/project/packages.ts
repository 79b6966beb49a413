/**
 * The packages of a project: local folders that `packages.yml` or `dependencies.yml` name, and whatever stands in
 * the packages folder. Nothing is fetched here.
 */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { type Folder, loadFolder } from './load-folder.ts'
import type { ProjectSettings } from './project.ts'
import { emptyReport, type Report } from './report.ts'
import { parseYamlFile } from './yaml-file.ts'
import { YamlNode } from './yaml-node.ts'

const listFiles = ['packages.yml', 'dependencies.yml']

/** Every package once, by name; one in the packages folder wins over a local folder of the same name. */
export async function findPackages(
  root: string,
  settings: ProjectSettings,
  report: Report,
): Promise<Folder[]> {
  const found = new Map<string, Folder>()
  const load = async (base: string) => {
    const folder = await loadPackage(root, base, report)
    if (folder === undefined || folder.settings.name === settings.name) return undefined
    const isNew = !found.has(folder.settings.name)
    if (isNew) found.set(folder.settings.name, folder)
    return isNew ? folder : undefined
  }
  const installed = join(root, settings.packagesPath)
  for (const base of await foldersIn(installed)) await load(base)
  const waiting = [root]
  for (let base = waiting.pop(); base !== undefined; base = waiting.pop()) {
    for (const local of await listedPackages(root, base, installed, report)) {
      if ((await load(local)) !== undefined) waiting.push(local)
    }
  }
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

/** The local folders that a project lists; a package that is listed and not there is a problem. */
async function listedPackages(
  root: string,
  base: string,
  installed: string,
  report: Report,
): Promise<string[]> {
  const lists = listFiles.map(async (name) => {
    const file = relative(root, join(base, name))
    const text = await readFile(join(base, name), 'utf8').catch(() => undefined)
    if (text === undefined) return []
    try {
      const node = YamlNode.root(parseYamlFile(file, text), report)
      return node.items('packages').flatMap((item) => readEntry(item, base, installed, report))
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      report.problems.push(error)
      return []
    }
  })
  return (await Promise.all(lists)).flat()
}

const kinds = ['local', 'package', 'git', 'tarball', 'private']

function readEntry(item: YamlNode, base: string, installed: string, report: Report): string[] {
  const kind = kinds.find((key) => item.has(key))
  if (kind === undefined) {
    item.wrong('must name a package by local, package, git or tarball')
    return []
  }
  const source = item.text(kind, '')
  if (kind === 'local') {
    const folder = resolve(base, source)
    if (existsSync(join(folder, 'dbt_project.yml'))) return [folder]
    item.child('local').wrong(`${source} is no folder with a dbt_project.yml`)
    return []
  }
  // The folder has the name of the project inside, which for the hub is the last part of the package's name.
  const folder = kind === 'package' ? join(installed, source.split('/').at(-1) ?? '') : installed
  if (!existsSync(folder)) {
    const parameters = { package: source, folder: relative(base, folder) }
    report.problems.push(problem('model/missing-package', parameters, { at: item.at }))
  }
  return []
}
