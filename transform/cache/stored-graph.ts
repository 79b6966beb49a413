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

/** @param macros undefined when nobody will ask for them */
export function fromStored(stored: StoredGraph, macros: StoredMacros | undefined): Graph {
  return {
    ...stored,
    get macros() {
      if (macros === undefined) throw new Error('the macros of a stored graph were not asked for')
      return macros
    },
    problems: [],
    warnings: stored.warnings.map((warning) => new MillraceError({ ...warning, cause: undefined })),
  }
}
