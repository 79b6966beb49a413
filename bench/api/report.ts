/** The figures of bench/api.ts as tables of docs/benchmarks.md. */
import { describeMachine, median } from '../harness.ts'
import type { Case } from './cases.ts'
import type { OpenSample, Sample } from './measure.ts'

export type Layout = {
  readonly name: 'split' | 'shared'
  /** What stands in the table. */
  readonly title: string
  readonly server: string
  /** Of PostgreSQL and of the generator. */
  readonly others: string
}

export const layouts: readonly Layout[] = [
  { name: 'split', title: 'apart', server: '0', others: '1' },
  { name: 'shared', title: 'together', server: '0,1', others: '0,1' },
]

export type ClosedRow = {
  readonly layout: Layout
  readonly program: string
  readonly samples: readonly Sample[]
}

export type OpenRow = {
  readonly layout: Layout
  readonly program: string
  readonly perSecond: number
  readonly sample: OpenSample
}

export const introduction = `## The API

\`make bench-api\` writes these tables; \`node bench/api.ts --only <table>\` one of them. The endpoints of this
repository over its tables, beside the same two in FastAPI and SQLAlchemy (\`bench/api/fastapi\`: async, asyncpg,
uvloop, httptools, one worker, no access log, no transaction around its one statement), and beside pgbench, which sends
the very statement that our endpoint sends, prepared: what PostgreSQL itself allows. Our answers carry the version of
their tables and are logged, as by default; FastAPI's do neither. \`node:http\` alone answers with a fixed text. Each
server is one process; all have the same PostgreSQL with as many connections. **Apart**: the server, or pgbench, on core
0, PostgreSQL and the generator (wrk) on core 1. **Together**: everything on both cores. The programs take turns;
medians of the rounds, with the lowest and the highest; × and % are medians of what each round gives; each server is
warmed up before. CPU is microseconds an answer.
In a closed loop callers ask again when they have their answer, as many as there are connections unless it says
otherwise; in an open loop requests come when they are due, and latency counts from then. On a machine that does other
things as well (see load) only programs of the same table are to be compared.`

const number = (value: number) => Math.round(value).toLocaleString('en')

export function describeCase(
  one: Case,
  closed: readonly ClosedRow[],
  open: readonly OpenRow[],
  context: { readonly scale: string; readonly loads: string },
): string {
  const { processor, cores, memory_gb, node } = describeMachine()
  const rounds = Math.max(...closed.map(({ samples }) => samples.length))
  const today = new Date().toISOString().slice(0, 10)
  return `### ${one.title}

\`GET ${one.path.replace('{user}', '{user_id}')}\`; ${context.scale}. ${cores} × ${processor}, ${memory_gb} GB, Node ${node}, load ${context.loads}; ${rounds} rounds; ${today}.

Closed loop:

${closedTable(one, closed)}${open.length === 0 ? '' : `\n\nOpen loop:\n\n${openTable(open)}`}`
}

function closedTable(one: Case, rows: readonly ClosedRow[]): string {
  const isCompared = one.values !== undefined
  const lines = rows.map((row) => {
    const { layout, program, samples } = row
    const of = (key: keyof Sample) => median(samples.map((sample) => sample[key]))
    const rates = samples.map(({ perSecond }) => perSecond)
    const hasServer = program !== 'pgbench'
    const cells = [
      layout.title,
      program,
      number(of('perSecond')),
      `${number(Math.min(...rates))}–${number(Math.max(...rates))}`,
      ...(isCompared ? comparisons(row, rows) : []),
      ...milliseconds(of('p50'), of('p99'), of('p999')),
      hasServer ? number(of('server_us')) : '',
      number(of('postgres_us')),
      number(of('generator_us')),
      hasServer ? number(of('peak_mb')) : '',
      number(samples.reduce((sum, { failed }) => sum + failed, 0)),
    ]
    return `| ${cells.join(' | ')} |`
  })
  const compared = isCompared ? ' × FastAPI | % of pgbench |' : ''
  return `| cores | program | answers/s | low–high |${compared} p50 ms | p99 ms | p99.9 ms | CPU µs, server | PostgreSQL | generator | peak MB | failed |
| --- | --- | ---: | ---: |${isCompared ? ' ---: | ---: |' : ''} ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${lines.join('\n')}`
}

function openTable(rows: readonly OpenRow[]): string {
  const lines = rows.map(({ layout, program, perSecond, sample }) => {
    const { p50, p99, p999, failed } = sample
    const cells = [
      layout.title,
      number(perSecond),
      program,
      ...milliseconds(p50, p99, p999),
      number(failed),
    ]
    return `| ${cells.join(' | ')} |`
  })
  return `| cores | requests/s | program | p50 ms | p99 ms | p99.9 ms | failed |
| --- | ---: | --- | ---: | ---: | ---: | ---: |
${lines.join('\n')}`
}

function milliseconds(...values: readonly number[]): string[] {
  return values.map((value) => value.toFixed(value < 100 ? 1 : 0))
}

function comparisons(row: ClosedRow, rows: readonly ClosedRow[]): string[] {
  const share = timesOf('pgbench', rows, row)
  return [
    timesOf('FastAPI', rows, row)?.toFixed(2) ?? '',
    share === undefined ? '' : (share * 100).toFixed(0),
  ]
}

/** The rate as a multiple of another program's in the same round: the machine is as quick for both then. */
function timesOf(
  program: string,
  rows: readonly ClosedRow[],
  { layout, samples }: ClosedRow,
): number | undefined {
  const base = rows.find((row) => row.program === program && row.layout === layout)
  if (base === undefined) return undefined
  const times = samples.flatMap(({ perSecond }, round) => {
    const other = base.samples[round]
    return other === undefined ? [] : [perSecond / other.perSecond]
  })
  return median(times)
}
