/** Starts the process of a service so that it cannot outlive its supervisor where the system allows that. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { ServiceCommand } from '../services.ts'

/** Starts the command with everything it prints appended to an open log file. */
export function spawnService(command: ServiceCommand, logDescriptor: number): ChildProcess {
  const [file, args] = bindToParent(command)
  return spawn(file, args, {
    cwd: '/',
    stdio: ['ignore', logDescriptor, logDescriptor],
    ...(command.env === undefined ? {} : { env: { ...command.env } }),
    ...(command.user === undefined ? {} : { uid: command.user.uid, gid: command.user.gid }),
  })
}

/**
 * On Linux the kernel sends the stop signal to the process when its parent dies, even by SIGKILL.
 * Elsewhere the next `up` or `down` ends it by its pid file.
 */
export function bindToParent(
  command: Pick<ServiceCommand, 'file' | 'args'> & { readonly stopSignal: NodeJS.Signals },
): readonly [string, readonly string[]] {
  const setpriv = findSetpriv()
  if (setpriv === undefined) return [command.file, command.args]
  // setpriv replaces itself by the service, so pid and start time stay the same.
  return [setpriv, [`--pdeathsig=${command.stopSignal}`, '--', command.file, ...command.args]]
}

let found: { readonly path: string | undefined } | undefined

/** The setpriv of util-linux; that of busybox lacks the option. */
function findSetpriv(): string | undefined {
  found ??= {
    path: ['/usr/bin/setpriv', '/bin/setpriv'].find(
      (path) => existsSync(path) && helpOf(path).includes('--pdeathsig'),
    ),
  }
  return found.path
}

function helpOf(path: string): string {
  try {
    return execFileSync(path, ['--help'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch {
    return ''
  }
}
