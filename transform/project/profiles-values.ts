/** Reads the rendered values of one output of profiles.yml and notes what has the wrong shape, each with its place. */
import type { MillraceError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { type Position, problem } from '../../core/problems.ts'
import { isObject, type YamlFile, type YamlPath } from './yaml-file.ts'

export type ProfileReport = {
  readonly problems: MillraceError[]
  readonly warnings: MillraceError[]
}

export type Scalar = string | number | boolean

export class ProfileValues {
  readonly #file: YamlFile
  readonly #report: ProfileReport
  readonly #path: YamlPath
  readonly value: Readonly<Record<string, unknown>>

  constructor(file: YamlFile, report: ProfileReport, path: YamlPath, value: unknown) {
    this.#file = file
    this.#report = report
    this.#path = path
    this.value = isObject(value) ? value : {}
    if (!isObject(value)) this.#wrongAt(path, 'must be a map of keys and values')
  }

  has(key: string): boolean {
    return this.value[key] !== undefined && this.value[key] !== null
  }

  at(key: string | number): Position {
    return this.#file.positionOf([...this.#path, key])
  }

  get place(): Position {
    return this.#file.positionOf(this.#path)
  }

  label(key: string): string {
    return labelOf([...this.#path, key])
  }

  text(key: string): string | undefined {
    const value = this.value[key]
    if (typeof value === 'string') return value
    if (!this.has(key)) return undefined
    if (typeof value === 'number') return String(value)
    this.wrong(key, 'must be text')
    return undefined
  }

  flag(key: string): boolean | undefined {
    const value = this.value[key]
    if (typeof value === 'boolean') return value
    if (!this.has(key)) return undefined
    this.wrong(key, 'must be true or false')
    return undefined
  }

  /** A whole number of at least 1. */
  count(key: string): number | undefined {
    const value = this.value[key]
    if (!this.has(key)) return undefined
    if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value
    const filter = typeof value === 'string' && /^\d+$/.test(value) ? ', not text' : ''
    const hint = filter === '' ? '' : `; a template needs the filter as_number`
    this.wrong(key, `must be a whole number of at least 1${filter}${hint}`)
    return undefined
  }

  /** A map of settings. */
  scalars(key: string): Readonly<Record<string, Scalar>> {
    if (!this.has(key)) return {}
    const entries = Object.entries(this.child(key).value).flatMap(([name, value]) => {
      if (isScalar(value)) return [[name, value] as const]
      if (value !== null) this.#wrongAt([...this.#path, key, name], 'must be one value')
      return []
    })
    return Object.fromEntries(entries)
  }

  child(key: string): ProfileValues {
    return new ProfileValues(this.#file, this.#report, [...this.#path, key], this.value[key])
  }

  /** The items of a list of maps; a text stands for a map with that `name`. */
  items(key: string, name?: string): ProfileValues[] {
    const list = this.value[key]
    if (!this.has(key)) return []
    if (!Array.isArray(list)) {
      this.wrong(key, 'must be a list')
      return []
    }
    return list.map((item: unknown, index) => {
      const value = name !== undefined && typeof item === 'string' ? { [name]: item } : item
      return new ProfileValues(this.#file, this.#report, [...this.#path, key, index], value)
    })
  }

  wrong(key: string, reason: string): void {
    this.#wrongAt([...this.#path, key], reason)
  }

  report(error: MillraceError): void {
    this.#report.problems.push(error)
  }

  ignored(key: string, reason: string): void {
    const context = { at: this.at(key) }
    this.#report.warnings.push(
      problem('profile/ignored-key', { path: this.label(key), reason }, context),
    )
  }

  warnUnknown(known: readonly string[]): void {
    for (const key of Object.keys(this.value)) {
      if (known.includes(key)) continue
      const parameters = { path: labelOf(this.#path), key, nearest: nearest(key, known) }
      this.#report.warnings.push(problem('profile/unknown-key', parameters, { at: this.at(key) }))
    }
  }

  #wrongAt(path: YamlPath, reason: string): void {
    const at = this.#file.positionOf(path)
    const parameters = { path: labelOf(path), reason }
    this.#report.problems.push(problem('profile/invalid-value', parameters, { at }))
  }
}

export function labelOf(path: YamlPath): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : key))
    .join('.')
    .replaceAll('.[', '[')
}

export function isScalar(value: unknown): value is Scalar {
  return ['string', 'number', 'boolean'].includes(typeof value)
}
