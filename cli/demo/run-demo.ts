/** The whole chain once, by the same commands a person would type, and the counts that prove it. */
import type { Config } from '../../core/config.ts'
import { formatCount, type Progress } from '../progress.ts'
import type { Figures } from './equations.ts'
import type { Hop } from './hop.ts'
import { numberOf, type OutputLine, runCommand } from './run-command.ts'
import { runModel } from './run-model.ts'

export type DemoOptions = {
  readonly config: Config
  /** Options of every command: --project-dir and --target. */
  readonly globalArguments: readonly string[]
  readonly events: number
  readonly seed: number
  /** Whether the topic holds what no run has landed. */
  readonly hasUnlanded: () => Promise<boolean>
  /** Whether a model is trained, too. */
  readonly withModel: boolean
  readonly progress: Progress
  readonly signal: AbortSignal
}

export type DemoRun = {
  readonly hops: readonly Hop[]
  readonly run: Figures['run']
  /** Users that a model has scored; undefined without one. */
  readonly scored: number | undefined
}

/**
 * Produces, lands, builds, publishes, and trains a model; the services must be running.
 * @throws StepFailed when one of the commands failed
 */
export async function runDemo(options: DemoOptions): Promise<DemoRun> {
  const { events, seed, progress, signal, globalArguments } = options
  const hops: Hop[] = []
  const step = async (args: readonly string[], onLine?: (line: OutputLine) => void) => {
    progress.line(`\n$ millrace ${args.join(' ')}`)
    const finished = await runCommand([...args, ...globalArguments], signal, onLine)
    progress.clear()
    return finished
  }
  const done = (hop: Hop) => {
    hops.push(hop)
    progress.line(`  ${describe(hop)}`)
  }

  await step(['topics', 'create', '--format', 'ndjson'])
  if (await options.hasUnlanded()) {
    progress.line('\nFirst what is still in the topic: what a run before this one did not land.')
    await step(['land', '--until-caught-up', '--format', 'ndjson'])
  }

  const produced = await step([
    ...['produce', '--events', String(events), '--mess', '--seed', String(seed)],
    ...['--format', 'ndjson'],
  ])
  const sent = produced.lines.at(-1)
  const messages = numberOf(sent, 'messages')
  done({
    hop: 'produce → Kafka',
    rowsIn: messages,
    rowsOut: messages,
    elapsedMs: produced.elapsedMs,
  })

  const landing = await step(['land', '--until-caught-up', '--format', 'ndjson'])
  const landed = landing.lines.at(-1)
  const run = {
    produced: messages,
    badProduced: numberOf(sent, 'expected_dead_letters'),
    landed: numberOf(landed, 'records'),
    deadLetters: numberOf(landed, 'dead_letters'),
  }
  const landedRows = run.landed + run.deadLetters
  done({
    hop: 'Kafka → S3 (land)',
    rowsIn: landedRows,
    rowsOut: landedRows,
    elapsedMs: landing.elapsedMs,
  })

  const building = await step(['build', '--format', 'json'], (line) => {
    if (line['event'] === 'node.finished') {
      progress.update(`  ${line['index']} of ${line['total']} ${line['name']}`)
    }
  })
  for (const hop of hopsOfBuild(building)) done(hop)
  const scored = options.withModel ? await runModel(step, done, progress) : undefined
  return { hops, run, scored }
}

/** A build registers, runs models and tests, and publishes: three hops. */
function hopsOfBuild({
  lines,
  elapsedMs,
}: {
  readonly lines: readonly OutputLine[]
  readonly elapsedMs: number
}): Hop[] {
  const of = (event: string) => lines.filter((line) => line['event'] === event)
  const registered = of('topic.registered')
  const registeredRows = sum(registered, 'records') + sum(registered, 'dead_letters')
  const registerMs = Math.max(0, ...registered.map((line) => numberOf(line, 'elapsed_ms')))
  // A build that another writer overtook begins again, and prints each node again.
  const nodes = [...new Map(of('node.finished').map((line) => [line['unique_id'], line])).values()]
  const publishes = of('model.published')
  const publishMs = Math.max(0, ...publishes.map((line) => numberOf(line, 'elapsed_ms')))
  return [
    {
      hop: 'S3 → lake (register)',
      rowsIn: registeredRows,
      rowsOut: registeredRows,
      elapsedMs: registerMs,
    },
    {
      hop: `lake → marts (${nodes.length} nodes)`,
      rowsIn: sum(registered, 'records'),
      rowsOut: sum(nodes, 'rows'),
      elapsedMs: elapsedMs - registerMs - publishMs,
    },
    {
      hop: `marts → PostgreSQL (${publishes.length} tables)`,
      rowsIn: sum(publishes, 'rows'),
      rowsOut: sum(publishes, 'rows'),
      elapsedMs: publishMs,
    },
  ]
}

function sum(lines: readonly OutputLine[], field: string): number {
  return lines.reduce((total, line) => total + numberOf(line, field), 0)
}

function describe({ hop, rowsOut, elapsedMs }: Hop): string {
  const rows = rowsOut === undefined ? '' : `: ${formatCount(rowsOut)} rows`
  return `${hop}${rows} in ${(elapsedMs / 1_000).toFixed(1)} s`
}
