/** Adds a package to the list of a project, in place of what is already listed of it. Comments stay. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isMap, isSeq, parseDocument, YAMLSeq } from 'yaml'
import { problem } from '../../core/problems.ts'

export type NewPackage = {
  readonly source: 'hub' | 'git' | 'local'
  /** `org/name`, the address of a repository, or a folder. */
  readonly name: string
  /** A revision of git, or a version; several bounds are separated by commas. */
  readonly version: string | undefined
}

export type AddedPackage = {
  /** Absolute. */
  readonly file: string
  readonly isNewFile: boolean
  /** Entries that gave way, as they were. */
  readonly removed: readonly Readonly<Record<string, unknown>>[]
}

/** Reads `name@version`; a repository may have `@` in its address. */
export function parseNewPackage(text: string, source: NewPackage['source']): NewPackage {
  const at = source === 'local' ? -1 : text.lastIndexOf('@')
  const name = text.slice(0, at)
  const isWhole = source === 'hub' || /^(\w+:\/\/[^/]*\/.|[^/]+:(?!\/\/).|[./])/.test(name)
  if (at === -1 || !isWhole) return { source, name: text, version: undefined }
  return { source, name, version: text.slice(at + 1) || undefined }
}

/**
 * @param fileName `packages.yml` or `dependencies.yml`, whichever lists the packages
 * @throws `model/not-yaml`, `packages/bad-entry`
 */
export async function addPackage(
  projectDir: string,
  fileName: string,
  added: NewPackage,
): Promise<AddedPackage> {
  const file = join(projectDir, fileName)
  const text = await readFile(file, 'utf8').catch(() => undefined)
  const document = parseList(text ?? '')
  const at = { file: fileName }
  const [broken] = document.errors
  if (broken !== undefined) {
    throw problem('model/not-yaml', { reason: broken.message }, { at, cause: broken })
  }
  const list = document.get('packages') ?? new YAMLSeq()
  if (!isMap(document.contents) || !isSeq(list)) {
    throw problem('packages/bad-entry', { reason: 'packages: must be a list' }, { at })
  }
  const removed: Record<string, unknown>[] = []
  list.items = list.items.filter((item) => {
    const entry: unknown = isMap(item) ? item.toJS(document) : undefined
    if (!isEntry(entry) || !isSamePackage(entry, added.name)) return true
    removed.push(entry)
    return false
  })
  list.flow = false
  list.add(document.createNode(entryOf(added)))
  document.set('packages', list)
  await writeFile(`${file}.new`, document.toString({ lineWidth: 0 }))
  await rename(`${file}.new`, file)
  return { file, isNewFile: text === undefined, removed }
}

/** A file that says nothing yet gets an empty list. */
function parseList(text: string) {
  const document = parseDocument(text, { prettyErrors: false })
  return document.contents === null ? parseDocument(`${text}packages: []\n`) : document
}

function entryOf({ source, name, version }: NewPackage): Record<string, unknown> {
  const value = version?.includes(',') ? version.split(',').map((one) => one.trim()) : version
  if (source === 'hub') return { package: name, version: value }
  if (source === 'local' || version === undefined) return { [source]: name }
  return { git: name, revision: version }
}

function isEntry(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** A hub package and the repository of the same name count as the same: dbt_utils and dbt-utils.git. */
function isSamePackage(entry: Readonly<Record<string, unknown>>, name: string): boolean {
  const keys = ['package', 'git', 'local', 'tarball', 'private']
  const listed = keys.map((key) => entry[key]).find((value) => typeof value === 'string')
  if (typeof listed !== 'string') return false
  const short = name.slice(name.lastIndexOf('/') + 1)
  const variants = [name, short].flatMap((text) => [
    text,
    text.replaceAll('_', '-'),
    text.replaceAll('-', '_'),
  ])
  return variants.some((variant) => {
    const start = listed.indexOf(variant)
    const end = start + variant.length
    const isStart = start === 0 || '/.'.includes(listed[start - 1] ?? ' ')
    return start !== -1 && isStart && (end === listed.length || '/.'.includes(listed[end] ?? ' '))
  })
}
