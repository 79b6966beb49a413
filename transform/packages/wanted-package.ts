/** What several lists want of the same package, put together. */
import { posix } from 'node:path'
import { problem } from '../../core/problems.ts'
import type { HubEntry, ListedPackage, PackageEntry } from './package-entry.ts'
import { areCompatible, type Bound, parseBound } from './version.ts'

export type PackageRequest = {
  readonly listed: ListedPackage
  /** The project whose list it is. */
  readonly askedBy: string
}

/** At least one request, all of the same package. */
export type WantedPackage = readonly [PackageRequest, ...PackageRequest[]]

/** The packages of a list, each once, in the order of their first mention. */
export type WantedPackages = Map<string, WantedPackage>

export function addRequests(wanted: WantedPackages, requests: readonly PackageRequest[]): void {
  for (const request of requests) {
    const key = keyOf(request.listed.entry)
    const [first, ...others] = wanted.get(key) ?? []
    wanted.set(key, first === undefined ? [request] : [first, ...others, request])
  }
}

/** Two entries with the same key are the same package. */
export function keyOf(entry: PackageEntry): string {
  switch (entry.kind) {
    case 'hub':
      return `hub ${entry.package}`
    case 'git':
      return `git ${entry.url.replace(/\.git$/, '')} ${entry.subdirectory ?? ''}`
    case 'tarball':
      return `tarball ${entry.url}`
    case 'local':
      return `local ${posix.normalize(entry.path).replace(/\/$/, '')}`
    default:
      return entry satisfies never
  }
}

/** The bounds of all who ask. @throws `packages/conflict`, `packages/bad-entry` */
export function boundsOf(name: string, wanted: WantedPackage): Bound[] {
  const bounds = wanted.flatMap(({ listed }) =>
    listed.entry.kind === 'hub' ? readBounds(listed.entry, listed) : [],
  )
  if (areCompatible(bounds)) return bounds
  throw conflict(name, wanted, (entry) => (entry.kind === 'hub' ? entry.versions.join(', ') : ''))
}

function readBounds({ versions }: HubEntry, { at }: ListedPackage): Bound[] {
  return versions.map((text) => {
    const bound = parseBound(text)
    if (bound !== undefined) return bound
    const reason = `"${text}" is no version; one is 1.2.3, or a bound such as ">=1.2.0"`
    throw problem('packages/bad-entry', { reason }, { at })
  })
}

/** The one revision that all who ask agree on; undefined is the default branch. @throws `packages/conflict` */
export function revisionOf(name: string, wanted: WantedPackage): string | undefined {
  const revisions = new Set(
    wanted.flatMap(({ listed: { entry } }) =>
      entry.kind === 'git' && entry.revision !== undefined ? [entry.revision] : [],
    ),
  )
  if (revisions.size <= 1) return [...revisions][0]
  throw conflict(name, wanted, (entry) =>
    entry.kind === 'git' ? (entry.revision ?? 'any revision') : '',
  )
}

function conflict(name: string, wanted: WantedPackage, wish: (entry: PackageEntry) => string) {
  const wishes = wanted.map(({ listed, askedBy }) => `${askedBy} wants ${wish(listed.entry)}`)
  const [{ listed }] = wanted
  const parameters = { package: name, wanted: [...new Set(wishes)] }
  return problem('packages/conflict', parameters, { at: listed.at })
}
