/** Which file holds which version of a model. */
import type { MillraceError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import type { Project, Properties } from '../project/project.ts'

/** What a file of models holds when it is not simply the model of its name. */
type VersionedFile = {
  readonly model: string
  readonly version: string
  /** The version as it was written, a number or a text. */
  readonly v: string | number
  readonly isLatest: boolean
  readonly properties: Properties
}

export type Versions = {
  /** By package and file name, as `fileKey` makes it. */
  readonly files: ReadonlyMap<string, VersionedFile>
  readonly problems: readonly MillraceError[]
}

export function fileKey({ package: owner, name }: { package: string; name: string }): string {
  return `${owner}.${name}`
}

/** Finds the file of each version: `defined_in`, else `<model>_v<version>`, else the model's own for the latest. */
export function findVersions(project: Project): Versions {
  const known = new Set([...project.models, ...project.pythonModels].map(fileKey))
  const files = new Map<string, VersionedFile>()
  const problems: MillraceError[] = []
  for (const properties of project.properties) {
    const { package: owner, name: model, latestVersion } = properties
    for (const entry of properties.versions) {
      const { version, definedIn } = entry
      const isLatest = version === latestVersion
      const names = [definedIn ?? `${model}_v${version}`, ...(isLatest ? [model] : [])]
      const key = names.map((name) => fileKey({ package: owner, name })).find((k) => known.has(k))
      if (key === undefined) {
        const wanted = `${names.join('.sql or ')}.sql`
        const near = nearest(
          names[0] ?? '',
          project.models.map(({ name }) => name),
        )
        const parameters = { model, version, wanted, nearest: near && `${near}.sql` }
        problems.push(problem('model/missing-version', parameters, { at: entry.at }))
        continue
      }
      const { versions: _, ...own } = { ...properties, ...entry }
      files.set(key, { model, version, v: entry.v, isLatest, properties: { ...own, versions: [] } })
    }
  }
  return { files, problems }
}
