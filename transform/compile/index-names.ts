/** Finds what `ref()` and `source()` name. */

import type { MillraceError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import type { Template } from '../jinja/template.ts'
import type { SourceTable } from '../project/project.ts'
import type { RefCall, SourceCall } from './ask-memo.ts'

export type Referable = {
  readonly name: string
  readonly package: string
  readonly id: string
  readonly version?: string | undefined
  readonly isLatest?: boolean
}

/** What there is to be named. */
export type Names = {
  /** Models, seeds and snapshots. */
  readonly referable: readonly Referable[]
  /** The same that are switched off: a ref to one is told apart from a ref to nothing. */
  readonly disabled: readonly Referable[]
  readonly sources: readonly Pick<SourceTable, 'source' | 'name' | 'package'>[]
  readonly functions: readonly Referable[]
  readonly metrics: readonly Referable[]
}

export class NameIndex {
  /** Name → package → id. */
  readonly #refs = new Map<string, Map<string, string>>()
  readonly #disabled = new Map<string, Map<string, string>>()
  readonly #sources = new Map<string, Map<string, string>>()
  readonly #functions = new Map<string, Map<string, string>>()
  readonly #metrics = new Map<string, Map<string, string>>()
  readonly #project: string

  constructor(project: string, { referable, sources, disabled, functions, metrics }: Names) {
    this.#project = project
    addAll(this.#refs, referable)
    addAll(this.#disabled, disabled)
    addAll(this.#functions, functions)
    addAll(this.#metrics, metrics)
    for (const { source, name, package: owner } of sources) {
      add(this.#sources, `${source}.${name}`, owner, sourceId(owner, source, name))
    }
  }

  /** @param parts name, or package and name */
  findFunction(parts: readonly string[], from: string): string | undefined {
    return this.#named(this.#functions, parts, from)
  }

  findMetric(parts: readonly string[], from: string): string | undefined {
    return this.#named(this.#metrics, parts, from)
  }

  #named(index: ReadonlyMap<string, Map<string, string>>, parts: readonly string[], from: string) {
    const found = index.get(parts.at(-1) ?? '')
    const owner = parts.length > 1 ? parts[0] : undefined
    return owner === undefined ? this.#nearest(found, from) : found?.get(owner)
  }

  /** The id of the node a ref names, nearest package first; undefined when there is none. */
  findRef({ parts, version }: RefCall, from: string): string | undefined {
    const [first = '', second] = parts
    const name = second ?? first
    const found = this.#refs.get(version === undefined ? name : `${name}.v${version}`)
    return second === undefined ? this.#nearest(found, from) : found?.get(first)
  }

  findSource({ source, table }: SourceCall, from: string): string | undefined {
    return this.#nearest(this.#sources.get(`${source}.${table}`), from)
  }

  /** dbt's order: the root project, then the package itself, then anyone. */
  #nearest(found: ReadonlyMap<string, string> | undefined, from: string): string | undefined {
    return found?.get(this.#project) ?? found?.get(from) ?? found?.values().next().value
  }

  /** The ids of all calls, of sources before refs as in dbt, and a problem with its place for each that names nothing. */
  resolve(
    node: {
      readonly name: string
      readonly file: string
      readonly package: string
      readonly template?: Template
    },
    refs: readonly RefCall[],
    sources: readonly SourceCall[],
  ): { readonly ids: readonly string[]; readonly problems: readonly MillraceError[] } {
    const ids = new Set<string>()
    const problems: MillraceError[] = []
    const placeOf = (name: string, literals: readonly string[]) =>
      node.template?.placeOfCall(name, literals) ?? { file: node.file }
    for (const call of sources) {
      const id = this.findSource(call, node.package)
      if (id !== undefined) ids.add(id)
      else {
        const source = `${call.source}.${call.table}`
        const near = nearest(source, this.#sources.keys())
        const at = placeOf('source', [call.source, call.table])
        const parameters = { node: node.name, source, nearest: near }
        problems.push(problem('model/unknown-source', parameters, { at }))
      }
    }
    for (const call of refs) {
      const id = this.findRef(call, node.package)
      if (id !== undefined) ids.add(id)
      else {
        const version = call.version === undefined ? '' : `.v${call.version}`
        const ref = `${call.parts.join('.')}${version}`
        const at = placeOf('ref', call.parts)
        const isDisabled = this.#disabled.has(call.version === undefined ? name(call) : ref)
        const near = nearest(ref, this.#refs.keys())
        problems.push(
          isDisabled
            ? problem('model/disabled-ref', { node: node.name, ref }, { at })
            : problem('model/unknown-ref', { node: node.name, ref, nearest: near }, { at }),
        )
      }
    }
    return { ids: [...ids], problems }
  }
}

function name({ parts }: RefCall): string {
  return parts.at(-1) ?? ''
}

function addAll(index: Map<string, Map<string, string>>, nodes: readonly Referable[]) {
  for (const { name, package: owner, id, version, isLatest } of nodes) {
    if (isLatest !== false) add(index, name, owner, id)
    if (version !== undefined) add(index, `${name}.v${version}`, owner, id)
  }
}

function add(index: Map<string, Map<string, string>>, name: string, owner: string, id: string) {
  const found = index.get(name) ?? new Map<string, string>()
  index.set(name, found.set(owner, id))
}

export function sourceId(project: string, source: string, table: string): string {
  return `source.${project}.${source}.${table}`
}
