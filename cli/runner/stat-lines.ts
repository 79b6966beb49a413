/** dbt's counts: what a project holds, what a run was of, and how it went. */
import type { Graph, RunResult } from '../../transform/index.ts'

/** In the order in which dbt counts them. */
const nodeKinds = ['model', 'analysis', 'seed', 'operation', 'function', 'test', 'snapshot']

/** `Found 5 models, 3 seeds, 1 unit test`; macros are those of the project and its packages, not dbt's own. */
export function foundLine(graph: Graph): string {
  const { nodes, sources, described, macros, groups, unitTests } = graph
  const all = Map.groupBy<string, { readonly kind: string }>(
    [...nodes.values(), ...described.values()],
    ({ kind }) => kind,
  )
  const of = (kind: string) => [kind, all.get(kind)?.length ?? 0] as const
  const own = [...macros.keys()].filter((id) => !id.startsWith('macro.dbt.'))
  const counts = [
    ...nodeKinds.map(of),
    ['source', sources.size],
    ...['exposure', 'metric'].map(of),
    ['macro', own.length],
    ['group', groups.size],
    ...['semantic_model', 'saved_query'].map(of),
    ['unit_test', unitTests.size],
  ] as const
  return `Found ${listed(counts) || 'nothing'}`
}

type Finished = Pick<RunResult, 'results' | 'noOps' | 'elapsedMs'>

/** `Finished running 3 seeds, 2 table models in 0 hours 0 minutes and 0.78 seconds (0.78s).` */
export function finishedLine(run: Finished): string {
  return `Finished running ${ranText(run)}${tookText(run.elapsedMs / 1_000)}.`
}

/** What ran, by kind; a model by how it is materialized. */
export function ranText({ results, noOps }: Pick<RunResult, 'results' | 'noOps'>): string {
  const kinds = [
    ...results.map(({ kind, materialized }) => {
      if (kind === 'operation') return 'project hook'
      return kind === 'model' ? `${materialized} model` : kind
    }),
    ...noOps.map(({ id }) => id.split('.')[0] ?? ''),
  ]
  const counts = [...Map.groupBy(kinds, (kind) => kind)]
  return listed(counts.map(([kind, all]) => [kind, all.length] as const).sort())
}

/** ` in 0 hours 0 minutes and 0.78 seconds (0.78s)` */
export function tookText(seconds: number): string {
  const hours = Math.floor(seconds / 3_600)
  const minutes = Math.floor((seconds % 3_600) / 60)
  const rest = (seconds % 60).toFixed(2)
  return ` in ${hours} hours ${minutes} minutes and ${rest} seconds (${seconds.toFixed(2)}s)`
}

/** How many results are of which kind, by the names of dbt's events. */
type RunStats = Readonly<
  Record<'pass' | 'warn' | 'error' | 'skip' | 'noop' | 'reused' | 'total', number>
>

export function statsOf({ results, noOps }: Pick<RunResult, 'results' | 'noOps'>): RunStats {
  const all: readonly string[] = [...results, ...noOps].map(({ status }) => status)
  const of = (...names: readonly string[]) => all.filter((status) => names.includes(status)).length
  return {
    pass: of('success', 'pass'),
    warn: of('warn'),
    error: of('error', 'fail'),
    skip: of('skipped'),
    noop: of('no-op'),
    // dbt's platform takes results over from other runs.
    reused: 0,
    total: all.length,
  }
}

export function doneLine({ pass, warn, error, skip, noop, reused, total }: RunStats): string {
  return `Done. PASS=${pass} WARN=${warn} ERROR=${error} SKIP=${skip} NO-OP=${noop} REUSED=${reused} TOTAL=${total}`
}

/** `Completed with 3 errors, 0 partial successes, and 1 warning:` */
export function completedLine({ warn, error }: RunStats, isInterrupted = false): string {
  if (isInterrupted) return 'Exited because of keyboard interrupt'
  const warnings = plural(warn, 'warning')
  if (error > 0) {
    return `Completed with ${plural(error, 'error')}, 0 partial successes, and ${warnings}:`
  }
  return warn > 0 ? `Completed with ${warnings}:` : 'Completed successfully'
}

function listed(counts: readonly (readonly [kind: string, count: number])[]): string {
  return counts
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => plural(count, kind))
    .join(', ')
}

const plurals: Readonly<Record<string, string>> = {
  analysis: 'analyses',
  'saved query': 'saved queries',
  test: 'data tests',
}

/** `1 data test`, `2 saved queries` */
export function plural(count: number, kind: string): string {
  const name = kind.replaceAll('_', ' ')
  const one = name === 'test' ? 'data test' : name
  return `${count} ${count === 1 ? one : (plurals[name] ?? `${name}s`)}`
}
