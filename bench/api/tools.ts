/** wrk and pgbench as children on given cores. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { endedCpuSecondsOf } from './processes.ts'

export type Tools = {
  /** Of bench/api/install-tools.sh. */
  readonly folder: string
  /** As taskset takes them. */
  readonly cores: string
  /** For files of a run. */
  readonly scratch: string
}

/** What a load has met; times in milliseconds. */
export type Load = {
  /** Answers that were right, each second. */
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly failed: number
  /** CPU seconds of the generator. */
  readonly generator_s: number
}

/** Runs a tool to its end. @throws with its output when it fails */
export async function runTool(
  { folder, cores }: Tools,
  program: 'wrk' | 'pgbench',
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly output: string; readonly cpuSeconds: number }> {
  const before = endedCpuSecondsOf(process.pid)
  const child = spawn('taskset', ['--cpu-list', cores, join(folder, 'bin', program), ...flags], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const chunks: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => chunks.push(text))
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const output = chunks.join('')
  if (code !== 0) throw new Error(`${program} ended with ${code}:\n${output}`)
  return { output, cpuSeconds: endedCpuSecondsOf(process.pid) - before }
}

export function quantilesOf(milliseconds: readonly number[]): Pick<Load, 'p50' | 'p99' | 'p999'> {
  const sorted = Float64Array.from(milliseconds).sort()
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999) }
}
