/** A graph as the cache keeps it: plain data, its warnings too. */
import { MillraceError } from '../../core/errors.ts'
import type { Graph, MacroNode } from '../compile/graph.ts'

type StoredWarning = Pick<
  MillraceError,
  'code' | 'message' | 'hint' | 'exitCode' | 'httpStatus' | 'retryable' | 'at'
>

export type StoredGraph = Omit<Graph, 'macros' | 'warnings' | 'problems'> & {
  readonly warnings: readonly StoredWarning[]
}

export type StoredMacros = ReadonlyMap<string, MacroNode>

const keptApart: readonly string[] = ['macros', 'warnings', 'problems']

/** The graph without its macros, which few ask for: they are made when they are read, and that takes long. */
export function toStored(graph: Graph): StoredGraph {
  const keys = Object.keys(graph).filter((key) => !keptApart.includes(key))
  const rest = Object.fromEntries(keys.map((key) => [key, Reflect.get(graph, key)]))
  // All keys of a graph but those kept apart.
  return { ...rest, warnings: graph.warnings.map(toStoredWarning) } as unknown as StoredGraph
}

function toStoredWarning(warning: MillraceError): StoredWarning {
  const { code, message, hint, exitCode, httpStatus, retryable, at } = warning
  return { code, message, hint, exitCode, httpStatus, retryable, at }
}

/** @param macros asked when they are read, once */
export function fromStored(stored: StoredGraph, macros: () => StoredMacros): Graph {
  const { warnings, ...rest } = stored
  return withMacros(
    {
      ...rest,
      problems: [],
      warnings: warnings.map((warning) => new MillraceError({ ...warning, cause: undefined })),
    },
    macros,
  )
}

/** A graph whose macros come from elsewhere; those that it has are not made. */
export function withMacros(graph: Omit<Graph, 'macros'>, macros: () => StoredMacros): Graph {
  let made: StoredMacros | undefined
  const get = () => {
    made ??= macros()
    return made
  }
  const properties = {
    ...Object.getOwnPropertyDescriptors(graph),
    macros: { get, enumerable: true },
  }
  // The properties of a graph, with the macros that it may not have had.
  return Object.create(Object.prototype, properties) as Graph
}
