/**
 * The command that starts a child with limits of the operating system around it: memory, files, CPU time, priority;
 * on Linux as far as this machine allows also without privileges, without network, and as another user.
 */
import { execFile } from 'node:child_process'
import { getuid } from 'node:process'
import { promisify } from 'node:util'

export type Limits = {
  /** Writable memory of the process; what DuckDB may use and what Node.js needs beside it. */
  readonly dataBytes: number
  readonly fileBytes: number
  readonly cpuSeconds: number
}

/** What this machine lets us take away. */
export type Confinement = {
  readonly noPrivileges: boolean
  /** Only asked for when the child needs no network. */
  readonly noNetwork: boolean
  /** Set when the child runs as this user. */
  readonly uid: number | undefined
}

/** Where the tools are; a child needs nothing else of our PATH. */
export const toolPath = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin'

// Above the users of people and packages and below those that systemd hands out: nobody's.
const strangerUid = 60_993
const openFiles = 256

/**
 * Tries what can be taken from a child on this machine.
 * @param needsNetwork the lake is not on this machine
 * @param readablePaths what the other user must be able to read; undefined: he would need to write
 */
export async function probeConfinement(
  needsNetwork: boolean,
  readablePaths: readonly string[] | undefined,
): Promise<Confinement> {
  const isRoot = getuid?.() === 0
  const noPrivileges = await works([...setprivCommand(isRoot, undefined), 'true'])
  const noNetwork = !needsNetwork && (await works([...unshareCommand(isRoot), 'true']))
  const asStranger = [...setprivCommand(isRoot, strangerUid), 'sh', '-c']
  const tests = (readablePaths ?? []).map((_, index) => `test -r "$${index}"`).join(' && ')
  const isReadable =
    isRoot && noPrivileges && readablePaths !== undefined && readablePaths.length > 0
      ? await works([...asStranger, tests, ...readablePaths])
      : false
  return { noPrivileges, noNetwork, uid: isReadable ? strangerUid : undefined }
}

/** The program and arguments that run `command` inside the limits. */
export function confinedCommand(
  command: readonly string[],
  limits: Limits,
  confinement: Confinement,
): readonly [string, ...string[]] {
  const kilobytes = (bytes: number) => Math.ceil(bytes / 1024)
  const set = [
    'ulimit -c 0',
    `ulimit -n ${openFiles}`,
    `ulimit -t ${limits.cpuSeconds}`,
    // In blocks of 512 bytes.
    `ulimit -f ${kilobytes(limits.fileBytes) * 2}`,
    // macOS knows the limit and does not keep it; some shells refuse it there.
    `ulimit -d ${kilobytes(limits.dataBytes)} || test "$(uname)" != Linux`,
  ]
  const isRoot = getuid?.() === 0
  const wrapped = [
    'nice',
    '-n',
    '10',
    ...(confinement.noNetwork ? unshareCommand(isRoot) : []),
    ...(confinement.noPrivileges ? setprivCommand(isRoot, confinement.uid) : []),
    ...command,
  ]
  return [
    '/bin/sh',
    '-c',
    `${set.map((line) => `{ ${line}; } && `).join('')}exec "$@"`,
    'sh',
    ...wrapped,
  ]
}

function setprivCommand(isRoot: boolean, uid: number | undefined): string[] {
  const user = uid === undefined ? [] : [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']
  // Only root has any to lose.
  const capabilities = isRoot ? ['--bounding-set=-all', '--inh-caps=-all'] : []
  return ['setpriv', '--no-new-privs', ...capabilities, ...user]
}

function unshareCommand(isRoot: boolean): string[] {
  return ['unshare', '--net', ...(isRoot ? [] : ['--user', '--map-current-user'])]
}

async function works([file = '', ...args]: readonly string[]): Promise<boolean> {
  try {
    await promisify(execFile)(file, args, { env: { PATH: toolPath }, timeout: 5000 })
    return true
  } catch {
    return false
  }
}
