/** Puts pinned packages into one folder, each under the name of its project. */
import { cp, mkdir, realpath, rename, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { DepsEvent, OnDepsEvent } from './deps-event.ts'
import type { Hub } from './hub.ts'
import { nameOfPin, type PinnedPackage, versionOfPin } from './pinned-package.ts'
import { unpackArchive } from './unpack.ts'

export type Installing = {
  readonly hub: Hub
  readonly signal: AbortSignal
  readonly onEvent: OnDepsEvent
}

/** Downloads at once: enough to hide the hub's latency, few enough to stay polite. */
const maxDownloads = 4

/**
 * @param folder where the packages are put together; must not be there
 * @param destination where that folder will stand in the end
 */
export async function installPackages(
  packages: readonly PinnedPackage[],
  folder: string,
  destination: string,
  installing: Installing,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const archives = await download(packages, installing)
  for (const one of packages) {
    installing.signal.throwIfAborted()
    await place(one, join(folder, one.project), join(destination, one.project), archives)
  }
}

async function download(
  packages: readonly PinnedPackage[],
  { hub, onEvent }: Installing,
): Promise<ReadonlyMap<string, Buffer>> {
  const archives = new Map<string, Buffer>()
  const waiting = [...packages]
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { pin, project } = next
      if (pin.kind !== 'hub') continue
      onEvent({ kind: 'fetching', what: `${pin.package} ${pin.version}` })
      archives.set(project, await hub.download(pin.metadata))
    }
  }
  const workers = Array.from({ length: maxDownloads }, work)
  try {
    await Promise.all(workers)
  } finally {
    waiting.length = 0
    await Promise.allSettled(workers)
  }
  return archives
}

async function place(
  { pin, project }: PinnedPackage,
  folder: string,
  destination: string,
  archives: ReadonlyMap<string, Buffer>,
): Promise<void> {
  switch (pin.kind) {
    case 'hub':
      return await unpackArchive(archives.get(project) ?? Buffer.alloc(0), folder, pin.package)
    case 'git':
    case 'tarball':
      return await rename(pin.path, folder)
    case 'local':
      return await linkOrCopy(pin.path, folder, destination)
    default:
      pin satisfies never
  }
}

/** A link, so that changes of a local package count at once; a copy where links are not to be had. */
async function linkOrCopy(source: string, folder: string, destination: string): Promise<void> {
  const from = await realDirectory(dirname(destination))
  try {
    // A relative link survives when the whole project is moved.
    await symlink(relative(from, await realpath(source)), folder, 'dir')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error
    await cp(source, folder, { recursive: true })
  }
}

/** Of a folder that may not be there yet; its parent is. */
async function realDirectory(folder: string): Promise<string> {
  const parent = dirname(folder)
  return join(await realpath(parent), relative(parent, folder))
}

/** What is told of a package once it is in place. */
export function installedEvent({ pin }: PinnedPackage, hide: (text: string) => string): DepsEvent {
  const hub = pin.kind === 'hub' ? { version: pin.version, latest: pin.latest } : {}
  const subdirectory = pin.kind === 'git' ? pin.entry.subdirectory : undefined
  return {
    kind: 'installed',
    package: hide(nameOfPin(pin)),
    from: hide(versionOfPin(pin)),
    ...hub,
    ...(subdirectory !== undefined && { subdirectory }),
  }
}
