/** A graph as the cache keeps it: plain data, its warnings too. */
import { MillraceError } from '../../core/errors.ts'
import type { Graph, LatentProblem, MacroNode } from '../compile/graph.ts'

type StoredWarning = Pick<
  MillraceError,
  'code' | 'message' | 'hint' | 'exitCode' | 'httpStatus' | 'retryable' | 'at'
>

type StoredLatent = Omit<LatentProblem, 'problem'> & { readonly problem: StoredWarning }

export type StoredGraph = Omit<Graph, 'macros' | 'warnings' | 'problems' | 'latent'> & {
  readonly warnings: readonly StoredWarning[]
  readonly latent: readonly StoredLatent[]
}

export type StoredMacros = ReadonlyMap<string, MacroNode>

const keptApart: readonly string[] = ['macros', 'warnings', 'problems', 'latent']

/** The graph without its macros, which few ask for: they are made when they are read, and that takes long. */
export function toStored(graph: Graph): StoredGraph {
  const keys = Object.keys(graph).filter((key) => !keptApart.includes(key))
  const rest = Object.fromEntries(keys.map((key) => [key, Reflect.get(graph, key)]))
  // All keys of a graph but those kept apart.
  return {
    ...rest,
    warnings: graph.warnings.map(toStoredWarning),
    latent: graph.latent.map((one) => ({ ...one, problem: toStoredWarning(one.problem) })),
  } as unknown as StoredGraph
}

function toStoredWarning(warning: MillraceError): StoredWarning {
  const { code, message, hint, exitCode, httpStatus, retryable, at } = warning
  return { code, message, hint, exitCode, httpStatus, retryable, at }
}

function fromStoredWarning(warning: StoredWarning): MillraceError {
  return new MillraceError({ ...warning, cause: undefined })
}

/** @param macros asked when they are read, once */
export function fromStored(stored: StoredGraph, macros: () => StoredMacros): Graph {
  const { warnings, latent, ...rest } = stored
  return withMacros(
    {
      ...rest,
      problems: [],
      warnings: warnings.map(fromStoredWarning),
      latent: latent.map((one) => ({ ...one, problem: fromStoredWarning(one.problem) })),
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
