/** From the list of a project to every package it needs, its packages' packages included. */
import { problem } from '../../core/problems.ts'
import type { ListedPackage } from './package-entry.ts'
import type { PinPackage } from './pin-package.ts'
import { nameOfPin, type PinnedPackage } from './pinned-package.ts'
import { addRequests, type WantedPackages } from './wanted-package.ts'

export type Resolving = {
  /** Name of the project. */
  readonly project: string
  readonly pin: PinPackage
  /** Takes secrets out of what is printed. */
  readonly hide: (text: string) => string
}

/**
 * Level by level, as dbt goes, so that packages come out in its order: what a package lists is wanted once the package
 * has a version, and a version that was taken is taken anew when somebody further down asks for less.
 * @throws `packages/conflict`, `packages/duplicate-project`, `packages/same-as-root`, and what pinning throws
 */
export async function resolvePackages(
  listed: readonly ListedPackage[],
  resolving: Resolving,
): Promise<PinnedPackage[]> {
  const all: WantedPackages = new Map()
  let level: WantedPackages = new Map()
  addRequests(level, requestsOf(listed, resolving.project))
  const seen = new Set<string>()
  while (level.size > 0) {
    const next: WantedPackages = new Map()
    for (const [key, requests] of level) {
      addRequests(all, requests)
      const wanted = all.get(key)
      if (wanted === undefined) continue
      const { pin, project, packages } = await resolving.pin(wanted)
      // Packages may list each other in a circle.
      const version = `${key} ${pin.kind === 'hub' ? pin.version : ''}`
      if (!seen.has(version)) addRequests(next, requestsOf(packages, project))
      seen.add(version)
    }
    level = next
  }
  return await pinAll(all, resolving)
}

/** The packages of a lock file: each is decided already, and lists nothing more. @throws as `resolvePackages` */
export async function resolveLocked(
  locked: readonly ListedPackage[],
  resolving: Resolving,
): Promise<PinnedPackage[]> {
  const all: WantedPackages = new Map()
  addRequests(all, requestsOf(locked, 'package-lock.yml'))
  return await pinAll(all, resolving)
}

function requestsOf(packages: readonly ListedPackage[], askedBy: string) {
  return packages.map((listed) => ({ listed, askedBy }))
}

async function pinAll(all: WantedPackages, resolving: Resolving): Promise<PinnedPackage[]> {
  const pinned: PinnedPackage[] = []
  for (const wanted of all.values()) {
    const { pin, project } = await resolving.pin(wanted)
    const name = resolving.hide(nameOfPin(pin))
    const [{ listed }] = wanted
    if (project === resolving.project) {
      throw problem('packages/same-as-root', { project, package: name }, { at: listed.at })
    }
    const other = pinned.find((one) => one.project === project)
    if (other !== undefined) {
      const packages = [resolving.hide(nameOfPin(other.pin)), name]
      throw problem('packages/duplicate-project', { project, packages }, { at: listed.at })
    }
    pinned.push({ pin, project })
  }
  return pinned
}
