/** Renders a template once to see what it asks for: refs, sources and configs. Its text is thrown away. */
import type { Config } from '../project/project.ts'
import type { Asked, RefCall, SourceCall } from './ask-memo.ts'
import type { NodeHost } from './node-names.ts'
import { RelationValue } from './relation-value.ts'
import { mergeConfig } from './resolve-config.ts'

const nowhere = { catalog: '', schema: '', name: '' }

export class ParseHost implements NodeHost {
  readonly execute = false
  readonly refs: RefCall[] = []
  readonly sources: SourceCall[] = []
  readonly functions: (readonly string[])[] = []
  readonly metrics: (readonly string[])[] = []
  /** Ids of the macros it names. */
  readonly macros = new Set<string>()
  /** What the header said, in order. */
  header: Config = {}
  /** Refs and sources handed to `new_rows()`; an undefined one was something else. */
  readonly newRowsOf: (RefCall | SourceCall | undefined)[] = []
  readonly #base: Config
  readonly #configs: Config[] = []
  readonly #calls = new Map<string, RefCall | SourceCall>()

  readonly #describe: (() => unknown) | undefined

  /** @param describe gives `model` */
  constructor(base: Config, describe?: () => unknown) {
    this.#base = base
    this.#describe = describe
  }

  model(): unknown {
    return this.#describe?.()
  }

  /** What the header says, over something else than was said before it. */
  headerOver(base: Config): Config {
    return this.#configs.reduce(mergeConfig, base)
  }

  /** What has been asked so far, to be asked again. */
  record(): Asked {
    const { refs, sources, functions, metrics, macros, newRowsOf } = this
    return {
      refs: [...refs],
      sources: [...sources],
      functions: [...functions],
      metrics: [...metrics],
      macros: [...macros],
      configs: [...this.#configs],
      newRowsOf: [...newRowsOf],
    }
  }

  /** Asks again for all that was recorded. */
  restore(asked: Asked): void {
    this.refs.push(...asked.refs)
    this.sources.push(...asked.sources)
    this.functions.push(...asked.functions)
    this.metrics.push(...asked.metrics)
    for (const id of asked.macros) this.macros.add(id)
    for (const values of asked.configs) this.config(values)
    this.newRowsOf.push(...asked.newRowsOf)
  }

  ref(parts: readonly string[], version: string | undefined): RelationValue {
    const call = { parts, version }
    this.refs.push(call)
    return this.#remember(`ref ${parts.join('.')}`, call)
  }

  source(source: string, table: string): RelationValue {
    const call = { source, table }
    this.sources.push(call)
    return this.#remember(`source ${source}.${table}`, call)
  }

  function(parts: readonly string[]): RelationValue {
    this.functions.push(parts)
    return new RelationValue(`function ${parts.join('.')}`, nowhere)
  }

  metric(parts: readonly string[]): string {
    this.metrics.push(parts)
    return ''
  }

  config(values: Config): void {
    this.#configs.push(values)
    this.header = { ...this.header, ...values }
  }

  readConfig(): Config {
    return this.headerOver(this.#base)
  }

  isIncremental(): boolean {
    return false
  }

  newRows(relation: unknown): unknown {
    const call = relation instanceof RelationValue ? this.#calls.get(relation.id) : undefined
    this.newRowsOf.push(call)
    return relation
  }

  graph(): unknown {
    return new Map(
      ['nodes', 'sources', 'exposures', 'metrics', 'groups'].map((key) => [key, new Map()]),
    )
  }

  #remember(key: string, call: RefCall | SourceCall): RelationValue {
    this.#calls.set(key, call)
    return new RelationValue(key, nowhere)
  }
}
