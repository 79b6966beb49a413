/** Reads values out of a YAML file one key at a time and notes what has the wrong shape. */
import type { MillraceError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { type Position, problem } from '../../core/problems.ts'
import type { Config } from './project.ts'
import { type Deprecation, noteDeprecated, type Report } from './report.ts'
import { isObject, type YamlFile, type YamlPath } from './yaml-file.ts'

export class YamlNode {
  readonly #file: YamlFile
  readonly #report: Report
  readonly #parent: YamlNode | undefined
  readonly #key: string | number
  readonly value: unknown

  private constructor(
    file: YamlFile,
    report: Report,
    value: unknown,
    parent: YamlNode | undefined,
    key: string | number,
  ) {
    this.#file = file
    this.#report = report
    this.value = value
    this.#parent = parent
    this.#key = key
  }

  /** Built when a message or a place needs it: reading looks at far more nodes than that. */
  get path(): YamlPath {
    return this.#parent === undefined ? [] : [...this.#parent.path, this.#key]
  }

  get file(): string {
    return this.#file.file
  }

  get fileText(): string {
    return this.#file.text
  }

  get at(): Position {
    return this.#file.positionOf(this.path)
  }

  /** Dotted path, for messages. */
  get label(): string {
    return this.path
      .map((key) => (typeof key === 'number' ? `[${key}]` : key))
      .join('.')
      .replaceAll('.[', '[')
  }

  static root(file: YamlFile, report: Report): YamlNode {
    for (const { at } of file.duplicates) noteDeprecated(report, 'DuplicateYAMLKeysDeprecation', at)
    return new YamlNode(file, report, file.value, undefined, '')
  }

  child(key: string | number): YamlNode {
    const value = Array.isArray(this.value)
      ? this.value[Number(key)]
      : isObject(this.value)
        ? this.value[key]
        : undefined
    return new YamlNode(this.#file, this.#report, value, this, key)
  }

  /** The value of a key of this map. */
  get(key: string): unknown {
    return isObject(this.value) ? this.value[key] : undefined
  }

  has(key: string): boolean {
    const value = this.get(key)
    return value !== undefined && value !== null
  }

  keys(): string[] {
    return isObject(this.value) ? Object.keys(this.value) : []
  }

  text(key: string, fallback: string): string {
    return this.optionalText(key) ?? fallback
  }

  optionalText(key: string): string | undefined {
    const value = this.get(key)
    if (value === undefined || value === null) return undefined
    if (typeof value === 'string') return value
    if (typeof value === 'number' || typeof value === 'boolean') return String(value)
    this.child(key).wrong('must be text')
    return undefined
  }

  /** True or false; text only when it holds Jinja, which is taken as not said. */
  optionalFlag(key: string): boolean | undefined {
    const value = this.get(key)
    if (typeof value === 'boolean') return value
    if (value === undefined || value === null) return undefined
    this.child(key).wrong('must be true or false')
    return undefined
  }

  /** A list of texts; one text counts as a list of one. */
  texts(key: string): string[] | undefined {
    const value = this.get(key)
    if (value === undefined || value === null) return undefined
    const items = Array.isArray(value) ? value : [value]
    return items.map(String)
  }

  object(key: string): Config {
    const value = this.get(key)
    if (value === undefined || value === null) return {}
    if (isObject(value)) return value
    this.child(key).wrong('must be a map of keys and values')
    return {}
  }

  /** The items of a list; nothing when the key is absent. */
  items(key: string): YamlNode[] {
    if (!this.has(key)) return []
    const list = this.child(key)
    if (Array.isArray(list.value)) {
      const all = list.value.map((_, index) => list.child(index))
      return all.filter(({ value }) => value !== undefined)
    }
    list.wrong('must be a list')
    return []
  }

  /** This map without some items of one of its lists. */
  withoutItems(key: string, isOut: (item: YamlNode) => boolean): YamlNode {
    if (!isObject(this.value) || !this.has(key)) return this
    // An emptied item keeps the places of those behind it.
    const items = this.items(key).map((item) => (isOut(item) ? undefined : item.value))
    const value = { ...this.value, [key]: items }
    return this.withValue(value)
  }

  /** Another value at this place. */
  withValue(value: unknown): YamlNode {
    return new YamlNode(this.#file, this.#report, value, this.#parent, this.#key)
  }

  deprecated(name: Deprecation): void {
    noteDeprecated(this.#report, name, this.at)
  }

  /** Adds a problem of this place that is not about its shape. */
  report(make: (at: Position) => MillraceError): void {
    this.#report.problems.push(make(this.at))
  }

  wrong(reason: string, at = this.at): void {
    const path = this.label
    this.#report.problems.push(problem('model/invalid-property', { path, reason }, { at }))
  }

  /** Warns of keys that mean nothing here. */
  warnUnknown(known: readonly string[]): void {
    for (const key of this.keys()) {
      if (known.includes(key)) continue
      const parameters = { path: this.label, key, nearest: nearest(key, known) }
      const { at } = this.child(key)
      this.#report.warnings.push(problem('model/unknown-key', parameters, { at }))
    }
  }
}
