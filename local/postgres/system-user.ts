/**
 * Whom PostgreSQL runs as. It refuses to run as root, so root lends it another user: `postgres` where that
 * exists, else `nobody`, which every system has. We do not add a user to somebody's machine for a
 * development database. An ordinary user runs it as himself.
 */
import { execFileSync } from 'node:child_process'
import type { SystemUser } from '../process/run.ts'
import { run } from '../process/run.ts'

/** The user to run PostgreSQL as; undefined means ourselves. */
export function postgresUser(): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  return lookUp('postgres') ?? lookUp('nobody') ?? { name: 'nobody', uid: 65_534, gid: 65_534 }
}

function lookUp(name: string): SystemUser | undefined {
  const id = (flag: string) =>
    Number(
      execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    )
  try {
    return { name, uid: id('-u'), gid: id('-g') }
  } catch {
    return undefined
  }
}

/** Tells whether a user can go into a directory, all its parents included. Tried, not computed: there are ACLs. */
export async function canEnter(directory: string, user: SystemUser | undefined): Promise<boolean> {
  const { failure } = await run('/bin/sh', ['-c', 'cd "$1"', 'sh', directory], { user, cwd: '/' })
  return failure === undefined
}
