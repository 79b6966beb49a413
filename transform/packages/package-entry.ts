/** One entry of a list of packages, as plain data. */
import type { Position } from '../../core/errors.ts'

export type HubEntry = {
  readonly kind: 'hub'
  /** `organisation/name`. */
  readonly package: string
  readonly versions: readonly string[]
  readonly prerelease: boolean
}

export type GitEntry = {
  readonly kind: 'git'
  /** May hold credentials: never print it as it is. */
  readonly url: string
  /** With its templates, as the lock file keeps it. */
  readonly writtenUrl: string
  readonly revision: string | undefined
  readonly subdirectory: string | undefined
  readonly warnUnpinned: boolean
}

export type TarballEntry = {
  readonly kind: 'tarball'
  readonly url: string
  readonly writtenUrl: string
  readonly name: string
}

export type LocalEntry = {
  readonly kind: 'local'
  readonly path: string
}

export type PackageEntry = HubEntry | GitEntry | TarballEntry | LocalEntry

export type ListedPackage = {
  readonly entry: PackageEntry
  /** The definition as dbt serialises it before hashing. */
  readonly hashed: string
  /** The name that the entry states; a lock file states one for each. */
  readonly name: string | undefined
  /** A value is a template that nobody rendered yet. */
  readonly hasTemplate: boolean
  readonly at: Position
}
