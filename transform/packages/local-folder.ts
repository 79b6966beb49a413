/** Where a local package is. */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, relative, resolve } from 'node:path'

/** The folder that a local path means. */
export function localFolder(projectDir: string, path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(projectDir, path)
}

/**
 * A local path that a package lists, as seen from the project. dbt takes it from the project; one that only leads
 * somewhere from the package itself is meant so.
 * @param base folder of the package
 */
export function resolveLocal(projectDir: string, base: string, path: string): string {
  const isProject = (folder: string) => existsSync(join(folder, 'dbt_project.yml'))
  const own = resolve(base, path)
  if (isProject(localFolder(projectDir, path)) || !isProject(own)) return path
  return relative(projectDir, own) || '.'
}
