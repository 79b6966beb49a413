/** One item of `packages:` → an entry, checked, with the text that dbt hashes. */
import { MillraceError, type Position } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { ListedPackage, PackageEntry } from './package-entry.ts'
import { pythonFloat, pythonJson } from './python-json.ts'
import { isYamlMap, type YamlMap } from './yaml-values.ts'

/** Renders the templates of a text. */
export type RenderText = (text: string) => string

/** Keys by kind; the first names the package. */
const keysOf = {
  local: ['local', 'name'],
  tarball: ['tarball', 'name'],
  git: ['git', 'revision', 'warn-unpinned', 'subdirectory', 'name'],
  package: ['package', 'version', 'install_prerelease', 'install-prerelease', 'name'],
  private: ['private', 'provider', 'revision', 'warn-unpinned', 'subdirectory', 'name'],
} as const

type Kind = keyof typeof keysOf
// Object.keys widens to string[]; the keys are exactly the table's.
const kinds = Object.keys(keysOf) as Kind[]

/**
 * @param render undefined leaves templates as they are, and says so in `hasTemplate`
 * @throws `packages/bad-entry`, `packages/private`, and what rendering throws
 */
export function readEntry(
  item: unknown,
  at: Position,
  render: RenderText | undefined,
): ListedPackage {
  const wrong = (reason: string) => problem('packages/bad-entry', { reason }, { at })
  if (!isYamlMap(item)) throw wrong('an entry is a map of keys and values')
  const kind = kinds.find((key) => key in item)
  if (kind === undefined) throw wrong(`${shown(item)} has no package:, git:, tarball: or local:`)
  const known: readonly string[] = keysOf[kind]
  const unknown = Object.keys(item).filter((key) => !known.includes(key))
  if (unknown.length > 0) {
    throw wrong(`an entry with ${kind}: has ${known.join(', ')}, and not ${unknown.join(', ')}`)
  }
  const hasTemplate = /\{[{%]/.test(JSON.stringify(item, (_, value) => plainNumber(value)))
  const values = render === undefined ? item : renderMap(item, render, wrong)
  const reader = new EntryReader(values, item, wrong)
  const name = reader.optionalText('name')
  return { entry: reader.entry(kind, at), hashed: reader.hashed(kind, name), name, hasTemplate, at }
}

class EntryReader {
  readonly #values: YamlMap
  readonly #written: YamlMap
  readonly #wrong: (reason: string) => MillraceError

  constructor(values: YamlMap, written: YamlMap, wrong: (reason: string) => MillraceError) {
    this.#values = values
    this.#written = written
    this.#wrong = wrong
  }

  entry(kind: Kind, at: Position): PackageEntry {
    switch (kind) {
      case 'local':
        return { kind, path: this.#text('local') }
      case 'tarball':
        return {
          kind,
          url: this.#text(kind),
          writtenUrl: this.#asWritten(kind),
          name: this.#text('name'),
        }
      case 'git':
        return {
          kind,
          url: this.#text(kind),
          writtenUrl: this.#asWritten(kind),
          revision: this.optionalText('revision'),
          subdirectory: this.optionalText('subdirectory'),
          warnUnpinned: this.#flag('warn-unpinned') !== false,
        }
      case 'package':
        return {
          kind: 'hub',
          package: this.#hubName(),
          versions: this.#versions(),
          prerelease: this.#prerelease() === true,
        }
      case 'private':
        throw problem('packages/private', { package: this.#text(kind) }, { at })
      default:
        return kind satisfies never
    }
  }

  /** The map that dbt makes of an entry, keys that are not there included. */
  hashed(kind: Kind, name: string | undefined): string {
    const common = { unrendered: this.#written, ...(name === undefined ? {} : { name }) }
    const git = {
      revision: hashedVersion(this.#values['revision']),
      'warn-unpinned': this.#flag('warn-unpinned') ?? null,
      subdirectory: this.optionalText('subdirectory') ?? null,
    }
    switch (kind) {
      case 'git':
        return pythonJson({ ...common, ...git, [kind]: this.#text(kind) })
      case 'package':
        return pythonJson({
          ...common,
          package: this.#text(kind),
          version: hashedVersion(this.#values['version']),
          install_prerelease: this.#prerelease() ?? false,
        })
      default:
        return pythonJson({ ...common, [kind]: this.#text(kind) })
    }
  }

  optionalText(key: string): string | undefined {
    const value = this.#values[key]
    return value === undefined || value === null ? undefined : textOf(value)
  }

  #text(key: string): string {
    const text = this.optionalText(key)
    if (text === undefined || text === '') throw this.#wrong(`${key}: has no value`)
    return text
  }

  #asWritten(key: string): string {
    return textOf(this.#written[key])
  }

  #prerelease(): boolean | undefined {
    return this.#flag('install_prerelease') ?? this.#flag('install-prerelease')
  }

  #flag(key: string): boolean | undefined {
    const text = this.optionalText(key)?.toLowerCase()
    if (text === undefined) return undefined
    if (text !== 'true' && text !== 'false') throw this.#wrong(`${key}: is true or false`)
    return text === 'true'
  }

  #hubName(): string {
    const name = this.#text('package')
    // It becomes a part of addresses and paths.
    if (/^[\w.-]+\/[\w.-]+$/.test(name) && !/(^|\/)\.+(\/|$)/.test(name)) return name
    if (/\{[{%]/.test(name)) return name
    throw this.#wrong(`${name} is no name of a hub package, such as dbt-labs/dbt_utils`)
  }

  #versions(): string[] {
    const value = this.#values['version']
    const versions = (Array.isArray(value) ? value : [value ?? ''])
      .flatMap((one) => textOf(one).split(','))
      .map((one) => one.trim())
    if (versions.some((one) => one === '')) {
      throw this.#wrong(`${this.#text('package')} needs a version:`)
    }
    return versions
  }
}

/** Whole numbers become texts in dbt, others stay numbers. */
function hashedVersion(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hashedVersion)
  return typeof value === 'bigint' ? String(value) : value
}

function textOf(value: unknown): string {
  return typeof value === 'number' ? pythonFloat(value) : String(value)
}

function shown(item: YamlMap): string {
  return Object.keys(item).join(', ') || 'an empty entry'
}

function plainNumber(value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value
}

function renderMap(
  item: YamlMap,
  render: RenderText,
  wrong: (reason: string) => MillraceError,
): YamlMap {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk)
    return typeof value === 'string' && /\{[{%]/.test(value) ? render(value) : value
  }
  try {
    return Object.fromEntries(Object.entries(item).map(([key, value]) => [key, walk(value)]))
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    throw wrong(error.message.replace(/\.$/, ''))
  }
}
