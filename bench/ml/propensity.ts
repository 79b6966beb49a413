/**
 * How near do features and model come to the best anybody could do? The simulator's users have a known chance to buy, so
 * the best ROC-AUC is known. Simulates a history that lands as it happens, builds the models with the runner, exports,
 * trains with ml/image, and judges on the latest weeks, which nobody has seen. Writes a section of docs/benchmarks.md.
 *
 *   node bench/ml/propensity.ts [--days 365] [--users 24000] [--events-per-day 50000] [--seed 7] [--write]
 *
 * `--days 60,365 --seed 7,11` runs several histories, shorter ones with the first seed only; the longest ones have to
 * meet the bounds. Half as many users tell model and baseline apart with one seed and not with another.
 * `--keep <folder>` goes on where a run ended.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { SimulationOptions } from '../../ingest/producer/simulate.ts'
import { writeSections } from '../page.ts'
import { makeExport } from './propensity-data.ts'
import { type Figures, failuresOf, sectionOf } from './propensity-report.ts'

const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '365' },
    users: { type: 'string', default: '24000' },
    'events-per-day': { type: 'string', default: '50000' },
    seed: { type: 'string', default: '7' },
    keep: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})

/** A Monday; the history ends there, so that the same seed gives the same bytes on every day. */
const end = Date.UTC(2026, 10, 16)

const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'millrace-propensity-'))
try {
  const runs = []
  for (const simulation of simulations()) {
    const { seed, days } = simulation
    const place = join(folder, [seed, days, simulation.users, simulation.events].join('-'))
    const figures = await measure(simulation, place)
    console.log(JSON.stringify({ ...simulation, ...figures, importance: undefined }, undefined, 1))
    runs.push({ simulation, figures })
  }
  const failed = failuresOf(runs)
  for (const bound of failed) console.log(`NOT MET: ${bound}`)
  if (values.write) writeSections(new Map([['ml-propensity', sectionOf(runs)]]))
  process.exitCode = failed.length === 0 ? 0 : 1
} finally {
  if (values.keep === undefined) rmSync(folder, { recursive: true })
}

function simulations(): readonly SimulationOptions[] {
  const numbers = (text: string) => text.split(',').map(Number)
  const lengths = numbers(values.days)
  const seeds = numbers(values.seed)
  return lengths.flatMap((days) => {
    const events = Number(values['events-per-day']) * days
    const users = Number(values.users)
    const ofLength = days === Math.max(...lengths) ? seeds : seeds.slice(0, 1)
    return ofLength.map((seed) => ({ seed, users, events, end, days }))
  })
}

async function measure(simulation: SimulationOptions, place: string): Promise<Figures> {
  mkdirSync(place, { recursive: true })
  const done = join(place, 'figures.json')
  if (!existsSync(done)) {
    if (!existsSync(join(place, 'chances.csv'))) await makeExport(simulation, place)
    writeFileSync(done, judge(place))
  }
  return JSON.parse(readFileSync(done, 'utf8'))
}

function judge(place: string): string {
  const besides = (path: string) => join(import.meta.dirname, path)
  const installed = execFileSync('sh', [besides('../../ml/image/install.sh')], { encoding: 'utf8' })
  const python = join(installed.trim().split('\n').at(-1) ?? '', 'bin/python')
  return execFileSync(python, [besides('propensity.py'), place], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, OMP_WAIT_POLICY: 'PASSIVE' },
  })
}
