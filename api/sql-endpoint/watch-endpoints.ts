/** Development: endpoint files that change are read and checked again; what is broken keeps serving as it was. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { problem } from '../../core/problems.ts'
import { endpointDirectory, readEndpoints } from './load-endpoints.ts'
import type { Endpoint } from './parse-endpoint.ts'

export type WatchEndpointsOptions = {
  readonly projectDir: string
  /** What is served at first. */
  readonly endpoints: readonly Endpoint[]
  /** Rejects when the database does not take it. */
  readonly check: (endpoint: Endpoint) => Promise<unknown>
  /** Takes the new endpoints into service. */
  readonly swap: (endpoints: readonly Endpoint[]) => Promise<void>
  /** What is wrong with a file, for the author; none when all is well. */
  readonly onReload: (problems: readonly unknown[]) => void
  readonly clock: Pick<Clock, 'sleep'>
}

const pollMs = 300

/** Looks at the files until the signal aborts. Never rejects. */
export async function watchEndpoints(
  options: WatchEndpointsOptions,
  signal: AbortSignal,
): Promise<void> {
  const { projectDir, clock } = options
  let served = options.endpoints
  let seen = await signatureOf(projectDir)
  while (!signal.aborted) {
    await clock.sleep(pollMs, signal).catch(() => {})
    const now = await signatureOf(projectDir)
    if (signal.aborted || now === seen) continue
    seen = now
    served = await reload(options, served)
  }
}

async function reload(
  { projectDir, check, swap, onReload }: WatchEndpointsOptions,
  served: readonly Endpoint[],
): Promise<readonly Endpoint[]> {
  const { endpoints, broken } = await readEndpoints(projectDir)
  if (endpoints.length + broken.length === 0) {
    // A checkout or an editor moves the folder away and back.
    onReload([problem('api/no-endpoints', { directory: endpointDirectory(projectDir) })])
    return served
  }
  const problems = broken.map(({ error }) => error)
  const kept = (file: string) => served.filter((one) => one.file === file)
  const next: Endpoint[] = broken.flatMap(({ file }) => kept(file))
  for (const endpoint of endpoints) {
    try {
      await check(endpoint)
      next.push(endpoint)
    } catch (error) {
      problems.push(error)
      next.push(...kept(endpoint.file))
    }
  }
  try {
    await swap(next)
  } catch (error) {
    onReload([...problems, error])
    return served
  }
  onReload(problems)
  return next
}

/** Names, times and sizes: editors replace files as often as they write into them. */
async function signatureOf(projectDir: string): Promise<string> {
  const directory = endpointDirectory(projectDir)
  const files = await readdir(directory).catch(() => [])
  const states = files
    .filter((file) => file.endsWith('.sql'))
    .map(async (file) => {
      const state = await stat(join(directory, file)).catch(() => undefined)
      return `${file} ${state?.mtimeMs} ${state?.size} ${state?.ino}`
    })
  return (await Promise.all(states)).sort().join('\n')
}
