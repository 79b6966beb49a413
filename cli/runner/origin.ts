/** Who runs, and on which state of the project: what the history of runs keeps of it. */
import { execFile } from 'node:child_process'
import { userInfo } from 'node:os'
import { promisify } from 'node:util'
import { processEnvironment } from '../../core/config/environment.ts'

const run = promisify(execFile)

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
  try {
    const { stdout } = await run('git', arguments_, { cwd: projectDir, timeout: 2_000 })
    return stdout.trim()
  } catch {
    return undefined
  }
}
