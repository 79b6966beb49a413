/** Finds what `ref()` and `source()` name. */

import type { MillraceError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import type { Template } from '../jinja/template.ts'
import type { SourceTable } from '../project/project.ts'
import type { RefCall, SourceCall } from './parse-host.ts'

export class NameIndex {
  readonly #refs = new Map<string, string>()
  readonly #sources = new Map<string, string>()
  readonly #project: string

  /** @param referable models and seeds: name → id */
  constructor(
    project: string,
    referable: ReadonlyMap<string, string>,
    sources: readonly SourceTable[],
  ) {
    this.#project = project
    this.#refs = new Map(referable)
    for (const { source, name } of sources) {
      this.#sources.set(`${source}.${name}`, sourceId(project, source, name))
    }
  }

  /** The id of the node a ref names; undefined when there is none. */
  findRef({ parts, version }: RefCall): string | undefined {
    const [first = '', second] = parts
    if (second !== undefined && first !== this.#project) return undefined
    const name = second ?? first
    return this.#refs.get(version === undefined ? name : `${name}.v${version}`)
  }

  findSource({ source, table }: SourceCall): string | undefined {
    return this.#sources.get(`${source}.${table}`)
  }

  /** The ids of all calls, and a problem with its place for each that names nothing. */
  resolve(
    node: { readonly name: string; readonly file: string; readonly template?: Template },
    refs: readonly RefCall[],
    sources: readonly SourceCall[],
  ): { readonly ids: readonly string[]; readonly problems: readonly MillraceError[] } {
    const ids = new Set<string>()
    const problems: MillraceError[] = []
    const placeOf = (name: string, literals: readonly string[]) =>
      node.template?.placeOfCall(name, literals) ?? { file: node.file }
    for (const call of refs) {
      const id = this.findRef(call)
      if (id !== undefined) ids.add(id)
      else {
        const ref = call.parts.join('.')
        const parameters = { node: node.name, ref, nearest: nearest(ref, this.#refs.keys()) }
        problems.push(problem('model/unknown-ref', parameters, { at: placeOf('ref', call.parts) }))
      }
    }
    for (const call of sources) {
      const id = this.findSource(call)
      if (id !== undefined) ids.add(id)
      else {
        const source = `${call.source}.${call.table}`
        const near = nearest(source, this.#sources.keys())
        const at = placeOf('source', [call.source, call.table])
        const parameters = { node: node.name, source, nearest: near }
        problems.push(problem('model/unknown-source', parameters, { at }))
      }
    }
    return { ids: [...ids].sort(), problems }
  }
}

export function sourceId(project: string, source: string, table: string): string {
  return `source.${project}.${source}.${table}`
}
