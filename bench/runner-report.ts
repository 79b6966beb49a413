/** The figures of bench/runner.ts as tables of docs/benchmarks.md. */
import { describeMachine, median, type Summary, type Usage } from './harness.ts'
import type { Group } from './runner-cases.ts'

export type Row = {
  readonly group: Group
  readonly case: string
  readonly program: string
  /** Seconds that the nodes themselves took, where the program writes them down. */
  readonly nodes_s: number | undefined
  /** Whether relations and rows are those of the first program; undefined for the first. */
  readonly isSame: boolean | undefined
  readonly relations: number
  /** One for each run. */
  readonly usages: readonly Usage[]
} & Summary

const titles: Readonly<Record<Group, string>> = {
  plain: 'Models without tests, on a DuckDB file',
  tests: 'Models with two data tests each, on a DuckDB file',
  lake: 'Models on a DuckLake (SQLite catalog, local files)',
  small: 'A small project',
  heavy: 'Much data, on a DuckDB file',
  increment: 'Increments in the manner of dbt, on a DuckDB file',
  exact: 'Exact increments on a DuckLake: a long history beside a short one',
  keyed: 'Increments by key on a DuckLake: a long history beside a short one',
}

export const introduction = `## Running models

\`make bench-runner\` writes these tables; \`node bench/runner.ts --only <table>\` one of them. Each program runs the same
project on files of its own, taking turns; medians, with the lowest and the highest run. A ratio is the median of what
the turns give: the machine is as quick for both then. CPU is of the process and its children. The floor is the same
compiled SQL on one connection of DuckDB, in a bundled Node, and nothing else: no project is read, nothing is written
down. What the programs leave in their databases is compared after the first run.`

/** @param loads the machine's load at the beginning and at the end */
export function describeGroup(group: Group, rows: readonly Row[], loads: string): string {
  const own = rows.filter((row) => row.group === group)
  const isOwn = group === 'exact' || group === 'keyed'
  const { processor, cores, memory_gb, node } = describeMachine()
  const runs = Math.max(...own.map((row) => row.runs))
  const nodes = isOwn ? ' nodes s |' : ''
  const lines = own.map((row) => {
    const base = baseOf(row, own, isOwn)
    const cells = [
      row.case,
      row.isSame === false ? `${row.program} (other rows)` : row.program,
      row.cpu_s.toFixed(2),
      spread(row.cpu_min_s, row.cpu_max_s, row.runs),
      base === undefined ? '' : ratio(row, base, 'cpu_s'),
      row.wall_s.toFixed(2),
      spread(row.wall_min_s, row.wall_max_s, row.runs),
      base === undefined ? '' : ratio(row, base, 'wall_s'),
      String(row.peak_mb),
      ...(isOwn ? [nodesCell(row, base)] : []),
    ]
    return `| ${cells.join(' | ')} |`
  })
  return `### ${titles[group]}

${cores} × ${processor}, ${memory_gb} GB, Node ${node}, load ${loads}; up to ${runs} runs; ${new Date().toISOString().slice(0, 10)}.

| project | program | CPU s | low–high | ratio | wall s | low–high | ratio | peak MB |${nodes}
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |${isOwn ? ' ---: |' : ''}
${lines.join('\n')}`
}

/** The median of the turns. */
function ratio(row: Row, base: Row, figure: 'cpu_s' | 'wall_s'): string {
  const ratios = row.usages.flatMap((usage, turn) => {
    const other = base.usages[turn]
    return other === undefined ? [] : [usage[figure] / other[figure]]
  })
  return `${median(ratios).toFixed(2)} ×`
}

function nodesCell({ nodes_s }: Row, base: Row | undefined): string {
  if (nodes_s === undefined) return ''
  const seconds = nodes_s.toFixed(2)
  if (base?.nodes_s === undefined) return seconds
  return `${seconds} (${(nodes_s / base.nodes_s).toFixed(2)} ×)`
}

/** What a row is compared with: the floor, or the runner's own short history. */
function baseOf(row: Row, rows: readonly Row[], isOwn: boolean): Row | undefined {
  if (!isOwn) return rows.find((one) => one.case === row.case)
  const kind = row.case.split(' ')[0]
  const base = rows.find((one) => one.case.split(' ')[0] === kind)
  return base === row ? undefined : base
}

function spread(low: number, high: number, runs: number): string {
  return runs > 1 ? `${low.toFixed(2)}–${high.toFixed(2)}` : 'one run'
}
