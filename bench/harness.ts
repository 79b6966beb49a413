/** Measuring programs as a user starts them: CPU seconds of the process and its children, wall, peak memory. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'

export type Usage = {
  /** Exit code, or minus the signal. */
  readonly status: number
  readonly cpu_s: number
  readonly wall_s: number
  readonly peak_mb: number
}

export type Summary = {
  readonly cpu_s: number
  readonly cpu_min_s: number
  readonly cpu_max_s: number
  readonly wall_s: number
  readonly wall_min_s: number
  readonly wall_max_s: number
  readonly peak_mb: number
  readonly runs: number
}

export const repository = new URL('..', import.meta.url).pathname

/** The bundle, made anew: what a user has. */
export function buildRelease(): void {
  execFileSync('rolldown', ['--config', 'rolldown.config.ts', '--log-level', 'silent'], {
    cwd: repository,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/** What the command's first line gives Node. */
export const nodeFlags =
  readFileSync(join(repository, 'cli/main.ts'), 'utf8').split('\n', 1)[0]?.match(/--\S+/g) ?? []

/** The release's command line. */
export const releaseCommand = [process.execPath, ...nodeFlags, join(repository, 'dist/cli/main.js')]

/** The dbt that is written in Rust, or undefined where it cannot be had. */
export function findRustDbt(): string | undefined {
  const made = spawnSync('sh', [join(repository, 'bench/install-rust-dbt.sh')], {
    encoding: 'utf8',
  })
  if (made.status === 0) return made.stdout.trim()
  console.log(`without the Rust dbt, which cannot be had here: ${made.stderr.trim()}`)
  return undefined
}

/** Runs a command once, its output thrown away. */
export function measure(
  command: readonly string[],
  options: {
    readonly cwd?: string
    readonly env?: Readonly<Record<string, string>>
    readonly secondsAllowed?: number
  } = {},
): Usage {
  const { cwd, env, secondsAllowed = 120 } = options
  const output = execFileSync(
    'python3',
    [join(repository, 'bench/measure.py'), String(secondsAllowed), ...command],
    {
      encoding: 'utf8',
      cwd,
      env: { ...process.env, DBT_SEND_ANONYMOUS_USAGE_STATS: 'false', ...env },
    },
  )
  return JSON.parse(output) as Usage // measure.py printed it
}

/** Medians, and the lowest and highest. */
export function summarize(measured: readonly Usage[]): Summary {
  const cpuSeconds = measured.map(({ cpu_s }) => cpu_s)
  const wallSeconds = measured.map(({ wall_s }) => wall_s)
  return {
    cpu_s: round(median(cpuSeconds)),
    cpu_min_s: round(Math.min(...cpuSeconds)),
    cpu_max_s: round(Math.max(...cpuSeconds)),
    wall_s: round(median(wallSeconds)),
    wall_min_s: round(Math.min(...wallSeconds)),
    wall_max_s: round(Math.max(...wallSeconds)),
    peak_mb: Math.round(Math.max(...measured.map(({ peak_mb }) => peak_mb))),
    runs: measured.length,
  }
}

export function describeMachine() {
  const [cpu] = cpus()
  return {
    processor: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memory_gb: Math.round(totalmem() / 2 ** 30),
    load_1m: Number(loadavg()[0]?.toFixed(1)),
    node: process.version,
  }
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0
}

function round(seconds: number): number {
  return Number(seconds.toFixed(3))
}
