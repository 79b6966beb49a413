/** The list of packages of a project or package: `packages.yml`, or `packages:` in `dependencies.yml`. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { ListedPackage } from './package-entry.ts'
import { byCodePoint } from './python-json.ts'
import { type RenderText, readEntry } from './read-entry.ts'
import { readYamlValues, type YamlValues } from './yaml-values.ts'

export type PackageList = {
  /** Name of the file that lists the packages; `packages.yml` when there is none yet. */
  readonly file: string
  readonly packages: readonly ListedPackage[]
  /** All that is wrong; an entry that cannot be used is not among the packages. */
  readonly problems: readonly MillraceError[]
}

export type ListPlace = {
  readonly folder: string
  /** The folder as messages show it; `''` for the project itself. */
  readonly shown: string
  /** Whether values of dependencies.yml stay as they are, as dbt has it for a project and not for its packages. */
  readonly isProject: boolean
}

/** @param render undefined leaves templates in the values as they are */
export async function readPackageList(
  place: ListPlace,
  render: RenderText | undefined,
): Promise<PackageList> {
  const problems: MillraceError[] = []
  const open = async (name: string) => {
    const text = await readFile(join(place.folder, name), 'utf8').catch(() => undefined)
    return text === undefined
      ? undefined
      : collect(problems, () => readYamlValues(join(place.shown, name), text))
  }
  const packages = await open('packages.yml')
  const dependencies = await open('dependencies.yml')
  const isListed = (file: YamlValues | undefined) => file !== undefined && 'packages' in file.value
  if (isListed(packages) && isListed(dependencies)) {
    problems.push(problem('packages/two-lists', { folder: place.shown || 'this project' }))
  }
  const [file, values] = isListed(dependencies)
    ? (['dependencies.yml', dependencies] as const)
    : (['packages.yml', packages] as const)
  const items = itemsOf(values, join(place.shown, file), problems)
  const listed = items.flatMap(({ item, at }) => {
    const read = collect(problems, () => readEntry(item, at, render))
    if (read === undefined) return []
    if (read.hasTemplate && place.isProject && file === 'dependencies.yml') {
      problems.push(problem('packages/template-in-dependencies', {}, { at }))
      return []
    }
    return [read]
  })
  return { file, packages: listed, problems }
}

function itemsOf(values: YamlValues | undefined, file: string, problems: MillraceError[]) {
  const items = values?.value['packages'] ?? []
  if (values !== undefined && Array.isArray(items)) {
    return items.map((item: unknown, index) => ({ item, at: values.positionOf('packages', index) }))
  }
  if (values !== undefined) {
    const reason = 'packages: must be a list'
    problems.push(problem('packages/bad-entry', { reason }, { at: { file } }))
  }
  return []
}

function collect<T>(problems: MillraceError[], read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    problems.push(error)
    return undefined
  }
}

/** What dbt writes as `sha1_hash` of a lock file: it tells whether the lock was made from this list. */
export function hashOfPackages(packages: readonly ListedPackage[]): string {
  const texts = packages.map(({ hashed }) => hashed).sort(byCodePoint)
  return createHash('sha1').update(texts.join('\n')).digest('hex')
}
