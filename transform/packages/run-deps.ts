/** `deps`: from the list of packages and the lock file to a folder of packages. */
import { rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { withoutCredentials, withStars } from '../../core/redact.ts'
import type { OnDepsEvent } from './deps-event.ts'
import { assertReplaceable } from './guard-folder.ts'
import { openHub } from './hub.ts'
import { installedEvent, installPackages } from './install.ts'
import { installedLockName, type Lock, lockFileName, readLock, renderLock } from './lock-file.ts'
import { openPinning } from './pin-package.ts'
import { lockEntryOf, nameOfPin, type PinnedPackage, versionOfPin } from './pinned-package.ts'
import type { RenderText } from './read-entry.ts'
import { hashOfPackages, readPackageList } from './read-list.ts'
import { replaceFolder } from './replace-folder.ts'
import { resolveLocked, resolvePackages } from './resolve.ts'

export type DepsRequest = {
  /** Absolute. */
  readonly projectDir: string
  /** Name of the project. */
  readonly project: string
  /** Where packages are installed, relative to the project. */
  readonly packagesPath: string
  readonly hubUrl: string
  /** Decide the versions anew, whatever the lock file says. */
  readonly upgrade?: boolean
  /** `lock`: write the lock file and install nothing; `plan`: write nothing at all. */
  readonly only?: 'lock' | 'plan' | undefined
}

export type DepsTools = {
  readonly render: RenderText
  /** Values that must not be printed. */
  readonly secrets: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly onEvent: OnDepsEvent
  /** Pauses before each further try at the hub, in milliseconds; default half a second to eight. */
  readonly pausesMs?: readonly number[]
}

/** A package as a person wants to read of it. */
type DepsPackage = {
  readonly package: string
  readonly project: string
  /** As in `version 1.2.0`. */
  readonly from: string
}

export type DepsResult = {
  readonly packages: readonly DepsPackage[]
  /** The versions come from the lock file. */
  readonly fromLock: boolean
}

/**
 * Installs what the project lists: the versions of package-lock.yml when it was made from the same list, else new ones,
 * which are then locked. What was installed before stays until everything new is there.
 * @throws AggregateError of all problems of the list, `packages/*`
 */
export async function runDeps(request: DepsRequest, tools: DepsTools): Promise<DepsResult> {
  const { projectDir, project } = request
  const { signal, onEvent, render, environment } = tools
  const place = { folder: projectDir, shown: '', isProject: true }
  const { packages: listed, problems } = await readPackageList(place, render)
  if (problems.length > 0) throw new AggregateError(problems, 'packages')
  if (listed.length === 0) {
    onEvent({ kind: 'nothing-listed' })
    return { packages: [], fromLock: false }
  }
  const hash = hashOfPackages(listed)
  const lock = request.upgrade ? undefined : await usableLock(projectDir, hash, render)
  const scrub = (text: string) => withStars(text, tools.secrets)
  const hide = (text: string) => scrub(withoutCredentials(text))
  const folder = resolve(projectDir, request.packagesPath)
  return await replaceFolder(folder, async (workshop) => {
    const http = {
      clock: tools.clock,
      signal,
      hide,
      ...(tools.pausesMs && { pausesMs: tools.pausesMs }),
      onRetry: (_: string, reason: string, pauseMs: number) =>
        onEvent({ kind: 'retrying', reason, pauseMs }),
    }
    const hub = openHub(request.hubUrl, http)
    const git = { environment, signal, hide }
    const downloads = workshop.path
    const pin = openPinning({ projectDir, hub, http, git, render, downloads, hide, onEvent })
    const packages = lock
      ? await resolveLocked(lock.packages, { project, pin, hide })
      : await resolvePackages(listed, { project, pin, hide })
    if (request.only === undefined) {
      await assertReplaceable(projectDir, request.packagesPath, packages)
    }
    const result = { packages: packages.map((one) => describe(one, hide)), fromLock: !!lock }
    if (request.only === 'plan') return result
    const text = renderLock(lockEntries(packages, scrub, onEvent), hash)
    const built = join(workshop.path, 'packages')
    if (request.only !== 'lock') {
      await installPackages(packages, built, folder, { hub, signal, onEvent })
      await writeFile(join(built, installedLockName), text)
    }
    signal.throwIfAborted()
    if (!lock) {
      const file = join(projectDir, lockFileName)
      await writeFile(join(workshop.path, lockFileName), text)
      await rename(join(workshop.path, lockFileName), file)
      onEvent({ kind: 'locked', file })
    }
    if (request.only === 'lock') return result
    await workshop.publish(built)
    for (const one of packages) onEvent(installedEvent(one, hide))
    return result
  })
}

function lockEntries(
  packages: readonly PinnedPackage[],
  scrub: (text: string) => string,
  onEvent: OnDepsEvent,
) {
  return packages.map((one) => {
    const { pin } = one
    const written = pin.kind === 'git' || pin.kind === 'tarball' ? pin.entry.writtenUrl : ''
    if (scrub(written) !== written) onEvent({ kind: 'scrubbed', package: scrub(written) })
    return lockEntryOf(one, scrub)
  })
}

/** The lock file, if it was made from this list. */
async function usableLock(
  projectDir: string,
  hash: string,
  render: RenderText,
): Promise<Lock | undefined> {
  const lock = await readLock(projectDir, render)
  return lock?.hash === hash ? lock : undefined
}

function describe(one: PinnedPackage, hide: (text: string) => string): DepsPackage {
  return {
    package: hide(nameOfPin(one.pin)),
    project: one.project,
    from: hide(versionOfPin(one.pin)),
  }
}
