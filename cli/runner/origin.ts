/** Who runs, and on which state of the project: what the history of runs keeps of it. */
import { userInfo } from 'node:os'
import { processEnvironment } from '../../core/config/environment.ts'

/** `MILLRACE_AUTHOR`, which a scheduler sets, or the user of the machine. */
export function authorName(): string | undefined {
  const named = processEnvironment['MILLRACE_AUTHOR']
  if (named !== undefined && named !== '') return named
  try {
    return userInfo().username
  } catch {
    // A container may run under a number that has no name.
    return undefined
  }
}

/** The commit of a project's folder, `-dirty` behind it when files differ; undefined outside of git. */
export async function projectRevision(projectDir: string): Promise<string | undefined> {
  const arguments_ = ['describe', '--always', '--dirty', '--abbrev=40', '--exclude=*']
  const { execFile } = await import('node:child_process')
  const { promisify } = await import('node:util')
  try {
    const { stdout } = await promisify(execFile)('git', arguments_, {
      cwd: projectDir,
      timeout: 2_000,
    })
    return stdout.trim()
  } catch {
    return undefined
  }
}
