/** Which folders `clean` may remove. */
import { realpathSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import type { Environment } from '../../core/config/environment.ts'
import { problem } from '../../core/problems.ts'

export type CleanRequest = {
  readonly projectDir: string
  readonly targetPath: string | undefined
  /** Whether what lies outside the project is refused. */
  readonly onlyProject: boolean
  readonly environment: Environment
  readonly vars: Readonly<Record<string, unknown>>
}

/**
 * The folders of `clean-targets`, absolute and without links: a link that leads out of the project, or to its
 * models, is judged by where it leads.
 * @throws `cli/cannot-clean` when one of them is, holds or lies in a folder of the project's own files, or is outside
 */
export async function cleanPaths(request: CleanRequest): Promise<string[]> {
  const { loadProjectSettings } = await import('../../transform/index.ts')
  const { packageRenderer } = await import('../../transform/packages/render-value.ts')
  const { settings } = await loadProjectSettings(request.projectDir)
  const project = realPath(resolve(request.projectDir))
  const render = packageRenderer(request)
  const inProject = (path: string) => realPath(resolve(project, render(path)))
  const byDefault = [request.targetPath ?? settings.targetPath]
  const paths = [...new Set((settings.cleanTargets ?? byDefault).map(inProject))].sort()
  const { modelPaths, seedPaths, snapshotPaths, analysisPaths, macroPaths } = settings
  const { testPaths, functionPaths } = settings
  const sources = [modelPaths, seedPaths, snapshotPaths, analysisPaths, macroPaths]
    .concat([testPaths, functionPaths])
    .flat()
    .map(inProject)
  const written = paths.filter((path) => sources.some((one) => one === path || isIn(one, path)))
  if (written.length > 0) throw refusal('source paths', written)
  const outside = paths.filter((path) => !isIn(path, project))
  if (request.onlyProject && outside.length > 0) {
    throw refusal('directories outside the project', outside)
  }
  // Never the project itself, nor a folder around it.
  const around = paths.filter((path) => path === project || isIn(project, path))
  if (around.length > 0) throw refusal('directories around the project', around)
  return paths
}

function refusal(what: string, paths: readonly string[]) {
  return problem('cli/cannot-clean', { what, paths })
}

function isIn(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)
}

/** Also of what is not there: then of the nearest folder above it that is. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(realPath(parent), basename(path))
  }
}
