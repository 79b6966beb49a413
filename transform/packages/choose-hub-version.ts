/** Which version of a hub package is taken. */
import { dbtVersion } from '../../core/dbt-version.ts'
import { problem } from '../../core/problems.ts'
import { acceptsDbt } from '../project/required-version.ts'
import type { HubPackage, HubVersion } from './hub.ts'
import {
  type Bound,
  chooseVersion,
  compareVersions,
  fitsBound,
  parseBound,
  parseVersion,
  type Version,
} from './version.ts'

/** The dbt whose choice among the versions of a package is also ours, so that both write the same lock file. */
const [major = 0n, minor = 0n, patch = 0n] = dbtVersion.split('.').map(BigInt)
const ownVersion: Version = { text: dbtVersion, numbers: [major, minor, patch], prerelease: [] }

export type ChosenVersion = {
  readonly version: string
  readonly latest: string
  readonly metadata: HubVersion
}

/**
 * The highest version that fits the bounds and runs with dbt 1.12; if there is none, the highest that runs here.
 * @param prerelease whether versions such as 2.0.0-rc1 count; they do when a bound names one
 * @throws `packages/no-version`
 */
export function chooseHubVersion(
  name: string,
  { versions }: HubPackage,
  bounds: readonly Bound[],
  prerelease: boolean,
): ChosenVersion {
  const early = prerelease || bounds.some(({ version }) => version.prerelease.length > 0)
  const all = [...versions].flatMap(([text, metadata]) => {
    const version = parseVersion(text)
    const counts = version !== undefined && (early || version.prerelease.length === 0)
    return counts ? [{ version, metadata }] : []
  })
  const ofDbt = all.filter(({ metadata }) => runsWithDbt(metadata.require_dbt_version))
  const ofOurs = all.filter(({ metadata }) => acceptsDbt(metadata.require_dbt_version))
  for (const candidates of [ofDbt, ofOurs]) {
    const sorted = candidates.map(({ version }) => version).sort(compareVersions)
    const chosen = chooseVersion(sorted, bounds)
    const metadata = chosen && versions.get(chosen.text)
    const latest = sorted.at(-1)
    if (metadata && latest) return { version: chosen.text, latest: latest.text, metadata }
  }
  const wanted = bounds.map(({ operator, version }) => `${operator}${version.text}`)
  const available = ofOurs.map(({ version }) => version).sort(compareVersions)
  const texts = available.map(({ text }) => text)
  throw problem('packages/no-version', { package: name, wanted, available: texts })
}

/** A requirement that cannot be read keeps nothing out. */
function runsWithDbt(required: readonly string[]): boolean {
  const bounds = required.flatMap((text) => text.split(',')).map((text) => parseBound(text.trim()))
  return bounds.every((bound) => bound === undefined || fitsBound(ownVersion, bound))
}
