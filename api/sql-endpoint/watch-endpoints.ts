/** Development: endpoint files that change are read and checked again; what is broken keeps serving as it was. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
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
  /** What is wrong with files, for the author; none when all is well. It is told again only when it has changed. */
  readonly onReload: (problems: readonly unknown[]) => void
  readonly clock: Pick<Clock, 'sleep'>
}

const pollMs = 300

/** What the database did not take is tried again after so many looks, for it may be away, or a table not yet built. */
const looksUntilRetry = 10

type Outcome = {
  readonly served: readonly Endpoint[]
  readonly problems: readonly unknown[]
  /** Something failed that may work later, with the same files. */
  readonly mayHeal: boolean
}

/** Looks at the files until the signal aborts. Never rejects. */
export async function watchEndpoints(
  options: WatchEndpointsOptions,
  signal: AbortSignal,
): Promise<void> {
  const { projectDir, clock, onReload } = options
  let last: Outcome = { served: options.endpoints, problems: [], mayHeal: false }
  let seen = await signatureOf(projectDir)
  let looks = 0
  while (!signal.aborted) {
    await clock.sleep(pollMs, signal).catch(() => {})
    const now = await signatureOf(projectDir)
    const isRetry = now === seen
    looks++
    if (signal.aborted || (isRetry && !(last.mayHeal && looks >= looksUntilRetry))) continue
    const outcome = await reload(options, last.served, isRetry)
    if (!isRetry || wordsOf(outcome) !== wordsOf(last)) onReload(outcome.problems)
    last = outcome
    seen = now
    looks = 0
  }
}

function wordsOf({ problems }: Outcome): string {
  return problems.map(messageOf).join('\n')
}

async function reload(
  { projectDir, check, swap }: WatchEndpointsOptions,
  served: readonly Endpoint[],
  isRetry: boolean,
): Promise<Outcome> {
  const { endpoints, broken } = await readEndpoints(projectDir)
  if (endpoints.length + broken.length === 0) {
    // A checkout or an editor moves the folder away and back.
    const problems = [problem('api/no-endpoints', { directory: endpointDirectory(projectDir) })]
    return { served, problems, mayHeal: false }
  }
  const problems = broken.map(({ error }) => error)
  let mayHeal = false
  const kept = (file: string) => served.filter((one) => one.file === file)
  const next: Endpoint[] = broken.flatMap(({ file }) => kept(file))
  for (const endpoint of endpoints) {
    const inService = kept(endpoint.file).find(({ content }) => content === endpoint.content)
    if (isRetry && inService !== undefined) {
      next.push(inService)
      continue
    }
    try {
      await check(endpoint)
      next.push(endpoint)
    } catch (error) {
      problems.push(error)
      mayHeal = true
      next.push(...kept(endpoint.file))
    }
  }
  // What answers keep would be lost for nothing.
  if (isRetry && isSameSet(next, served)) return { served, problems, mayHeal }
  try {
    await swap(next)
  } catch (error) {
    return { served, problems: [...problems, error], mayHeal: true }
  }
  return { served: next, problems, mayHeal }
}

function isSameSet(left: readonly Endpoint[], right: readonly Endpoint[]): boolean {
  return left.length === right.length && left.every((endpoint) => right.includes(endpoint))
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
