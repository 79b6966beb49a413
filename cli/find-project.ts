/** The folder that a command works in. */
import { statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { problem } from '../core/problems.ts'

/**
 * The folder itself or, as dbt does when nobody names one, the nearest above it that holds a project.
 * @param files a folder with one of these is a project
 * @returns `.` where the folder is the one, or there is none
 */
export function findProject(
  folder = process.cwd(),
  files: readonly string[] = ['dbt_project.yml', 'millrace.yml'],
): string {
  const found = files.flatMap((name) => findUpwards(folder, name) ?? [])
  const nearest = found.map((file) => dirname(file)).sort((a, b) => b.length - a.length)[0]
  return nearest === undefined || nearest === folder ? '.' : nearest
}

/** The nearest file of this name, in the folder or above it. */
export function findUpwards(folder: string, name: string): string | undefined {
  const file = join(folder, name)
  if (statSync(file, { throwIfNoEntry: false })?.isFile()) return file
  const parent = dirname(folder)
  return parent === folder ? undefined : findUpwards(parent, name)
}

/** What is wrong with `--project-dir`, whatever the command. */
export function explainProjectDir(directory: unknown): string | undefined {
  if (typeof directory !== 'string') return undefined
  const isFile = statSync(directory, { throwIfNoEntry: false })?.isFile() === true
  return isFile ? `--project-dir ${directory} is a file; name the folder that it is in.` : undefined
}

/** @throws `model/project-not-found`, with the folder that was looked in */
export function requireProject(projectDir: string): void {
  const directory = resolve(projectDir)
  const file = join(directory, 'dbt_project.yml')
  if (statSync(file, { throwIfNoEntry: false })?.isFile()) return
  throw problem('model/project-not-found', { directory })
}
