/** A closed loop over HTTP: callers who ask again when they have their answer. */
import { join } from 'node:path'
import { type Load, runTool, type Tools } from './tools.ts'

export type HttpLoad = {
  readonly url: string
  /** `{user}` is a random user. */
  readonly path: string
  readonly users: number
  readonly callers: number
  readonly seconds: number
}

/** Latencies are wrk's own. Refused requests are none that were answered. */
export async function askByWrk(tools: Tools, load: HttpLoad): Promise<Load> {
  const script = join(import.meta.dirname, 'closed-loop.lua')
  const flags = [`-c${load.callers}`, `-d${load.seconds}s`, '-t1', '--timeout=10s', '-s', script]
  const env = { BENCH_PATH: load.path, BENCH_USERS: String(load.users) }
  const address = load.url + load.path.replace('{user}', '1')
  const { output, cpuSeconds } = await runTool(tools, 'wrk', [...flags, address], env)
  const line = output.split('\n').find((one) => one.startsWith('{')) ?? ''
  const found: Omit<Load, 'generator_s'> = JSON.parse(line) // closed-loop.lua printed it
  return { ...found, generator_s: cpuSeconds }
}
