/** A package with everything decided: which version, where it is, what it is called. */
import type { HubVersion } from './hub.ts'
import type { LockEntry } from './lock-file.ts'
import type { GitEntry, TarballEntry } from './package-entry.ts'

export type Pin =
  | {
      readonly kind: 'hub'
      readonly package: string
      readonly version: string
      /** The highest version that could be had, whatever the lists say. */
      readonly latest: string
      readonly metadata: HubVersion
    }
  | {
      readonly kind: 'git'
      readonly entry: GitEntry
      readonly commit: string
      /** Where it has been checked out. */
      readonly path: string
    }
  | {
      readonly kind: 'tarball'
      readonly entry: TarballEntry
      /** Where it has been unpacked. */
      readonly path: string
    }
  | {
      readonly kind: 'local'
      /** As the list has it; relative to the project. */
      readonly written: string
      /** Absolute. */
      readonly path: string
    }

export type PinnedPackage = {
  readonly pin: Pin
  /** Name of the project that it is, and of its folder. */
  readonly project: string
}

/** The package as dbt calls it. */
export function nameOfPin(pin: Pin): string {
  switch (pin.kind) {
    case 'hub':
      return pin.package
    case 'git':
      return gitName(pin.entry)
    case 'tarball':
      return pin.entry.name
    case 'local':
      return pin.written
    default:
      return pin satisfies never
  }
}

export function gitName({ url, subdirectory }: GitEntry): string {
  return subdirectory === undefined ? url : `${url}/${subdirectory}`
}

/** Its version in dbt's words. */
export function versionOfPin(pin: Pin): string {
  switch (pin.kind) {
    case 'hub':
      return `version ${pin.version}`
    case 'git':
      return `revision ${pin.commit}`
    case 'tarball':
      return `tarball (url: ${pin.entry.url})`
    case 'local':
      return `<local @ ${pin.written}>`
    default:
      return pin satisfies never
  }
}

/**
 * What the lock file says of it: addresses as they were written, with their templates.
 * @param scrub takes out secrets that were written into the address itself
 */
export function lockEntryOf(
  { pin, project: name }: PinnedPackage,
  scrub: (text: string) => string,
): LockEntry {
  switch (pin.kind) {
    case 'hub':
      return { package: pin.package, version: pin.version, name }
    case 'git': {
      const { writtenUrl, subdirectory } = pin.entry
      const git = scrub(writtenUrl)
      const below = subdirectory === undefined ? {} : { subdirectory }
      return { git, revision: pin.commit, ...below, name }
    }
    case 'tarball':
      return { tarball: scrub(pin.entry.writtenUrl), name }
    case 'local':
      return { local: pin.written, name }
    default:
      return pin satisfies never
  }
}
