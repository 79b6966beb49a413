/** Decides one package: asks the hub, fetches a repository or an archive, and reads what the package itself lists. */
import { join } from 'node:path'
import { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { chooseHubVersion } from './choose-hub-version.ts'
import type { OnDepsEvent } from './deps-event.ts'
import { checkOut, type GitOptions } from './git.ts'
import { type HttpOptions, httpGet } from './http-get.ts'
import type { Hub } from './hub.ts'
import { localFolder, resolveLocal } from './local-folder.ts'
import type {
  GitEntry,
  HubEntry,
  ListedPackage,
  LocalEntry,
  TarballEntry,
} from './package-entry.ts'
import { gitName, type PinnedPackage } from './pinned-package.ts'
import { checkedName, readProjectName } from './project-name.ts'
import { type RenderText, readEntry } from './read-entry.ts'
import { readPackageList } from './read-list.ts'
import { unpackArchive } from './unpack.ts'
import { boundsOf, keyOf, revisionOf, type WantedPackage } from './wanted-package.ts'

export type Pinning = {
  /** Absolute. */
  readonly projectDir: string
  readonly hub: Hub
  readonly http: HttpOptions
  readonly git: GitOptions
  readonly render: RenderText
  /** A folder that is there, for what is fetched. */
  readonly downloads: string
  readonly hide: (text: string) => string
  readonly onEvent: OnDepsEvent
}

/** A package with what it lists itself. */
type ReadPackage = PinnedPackage & { readonly packages: readonly ListedPackage[] }

export type PinPackage = (wanted: WantedPackage) => Promise<ReadPackage>

/** Decides packages, each version of each once. */
export function openPinning(pinning: Pinning): PinPackage {
  const fetched = new Map<string, Promise<ReadPackage>>()
  const once = (key: string, read: (folder: string) => Promise<ReadPackage>) => {
    const found = fetched.get(key) ?? read(join(pinning.downloads, String(fetched.size)))
    fetched.set(key, found)
    return found
  }
  return async (wanted) => {
    const [{ listed }] = wanted
    const { entry } = listed
    pinning.git.signal.throwIfAborted()
    switch (entry.kind) {
      case 'hub':
        return await pinHub(entry, wanted, pinning)
      case 'git': {
        const revision = revisionOf(pinning.hide(gitName(entry)), wanted)
        const warns = wanted.every(
          (one) => one.listed.entry.kind !== 'git' || one.listed.entry.warnUnpinned,
        )
        return await once(`${keyOf(entry)} ${revision}`, (folder) =>
          pinGit({ ...entry, revision, warnUnpinned: warns }, folder, pinning),
        )
      }
      case 'tarball':
        return await once(keyOf(entry), (folder) => pinTarball(entry, folder, pinning))
      case 'local':
        return await pinLocal(entry, listed, pinning)
      default:
        return entry satisfies never
    }
  }
}

async function pinHub(
  { package: name, prerelease }: HubEntry,
  wanted: WantedPackage,
  { hub, onEvent }: Pinning,
): Promise<ReadPackage> {
  const bounds = boundsOf(name, wanted)
  onEvent({ kind: 'fetching', what: name })
  const found = await hub.findPackage(name)
  if (found.movedTo !== undefined) onEvent({ kind: 'moved', package: name, to: found.movedTo })
  const chosen = chooseHubVersion(name, found, bounds, prerelease)
  const at = { file: `${name} ${chosen.version}` }
  // What a stranger wrote into the hub is no template that may read our environment; nor is it in dbt.
  const packages = chosen.metadata.packages.map((item) => readEntry(item, at, undefined))
  const project = checkedName(chosen.metadata.name, name)
  return { pin: { kind: 'hub', package: name, ...chosen }, project, packages }
}

async function pinGit(entry: GitEntry, folder: string, pinning: Pinning): Promise<ReadPackage> {
  const name = pinning.hide(gitName(entry))
  const { revision = 'HEAD', warnUnpinned } = entry
  if (warnUnpinned && ['HEAD', 'main', 'master'].includes(revision)) {
    pinning.onEvent({ kind: 'unpinned', url: pinning.hide(entry.url), revision })
  }
  pinning.onEvent({ kind: 'fetching', what: name })
  const { path, commit } = await checkOut(entry, folder, pinning.git)
  return { pin: { kind: 'git', entry, commit, path }, ...(await readFolder(path, name, pinning)) }
}

async function pinTarball(
  entry: TarballEntry,
  folder: string,
  pinning: Pinning,
): Promise<ReadPackage> {
  const project = checkedName(entry.name, pinning.hide(entry.url))
  pinning.onEvent({ kind: 'fetching', what: project })
  const archive = await httpGet(entry.url, pinning.http, (body) => body)
  await unpackArchive(archive, folder, project)
  // The entry names the package, whatever the project inside is called.
  const { packages } = await readFolder(folder, project, pinning)
  return { pin: { kind: 'tarball', entry, path: folder }, project, packages }
}

async function pinLocal(
  entry: LocalEntry,
  { at }: ListedPackage,
  pinning: Pinning,
): Promise<ReadPackage> {
  const path = localFolder(pinning.projectDir, entry.path)
  const read = await readFolder(path, entry.path, pinning).catch((error: unknown) => {
    if (!(error instanceof MillraceError) || error.code !== 'packages/no-project') throw error
    const reason = 'there is no dbt_project.yml with a name'
    throw problem('packages/no-project', { package: entry.path, reason }, { at, cause: error })
  })
  const packages = read.packages.map((one) => fromPackage(one, path, pinning.projectDir))
  const pin = { kind: 'local', written: entry.path, path } as const
  return { pin, project: read.project, packages }
}

/** The paths of its own local packages as seen from the project. */
function fromPackage(listed: ListedPackage, base: string, projectDir: string): ListedPackage {
  const { entry } = listed
  if (entry.kind !== 'local') return listed
  const path = resolveLocal(projectDir, base, entry.path)
  return { ...listed, entry: { ...entry, path } }
}

/** @throws the first problem of the package's own list */
async function readFolder(folder: string, shown: string, { render }: Pinning) {
  const project = await readProjectName(folder, shown)
  const place = { folder, shown, isProject: false }
  const { packages, problems } = await readPackageList(place, render)
  if (problems.length > 0)
    throw problems.length === 1 ? problems[0] : new AggregateError(problems, 'packages')
  return { project, packages }
}
