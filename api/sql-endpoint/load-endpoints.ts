/** The endpoints of a project: every `.sql` file of one folder. */
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { problem } from '../../core/problems.ts'
import { brokenEndpoint, type Endpoint, parseEndpoint } from './parse-endpoint.ts'

export type ReadEndpoints = {
  /** Sorted by name. */
  readonly endpoints: readonly Endpoint[]
  /** Files that are none, with the reason. */
  readonly broken: readonly { readonly file: string; readonly error: unknown }[]
}

/** Where the endpoints of a project are. */
export function endpointDirectory(projectDir: string): string {
  return join(projectDir, 'api', 'endpoints')
}

/**
 * Reads all endpoints, sorted by name.
 * @param projectDir what file names in messages are relative to
 * @throws `api/no-endpoints`; an AggregateError of every `api/broken-endpoint`
 */
export async function loadEndpoints(projectDir: string): Promise<readonly Endpoint[]> {
  const { endpoints, broken } = await readEndpoints(projectDir)
  const problems = broken.map(({ error }) => error)
  if (problems.length > 0) throw new AggregateError(problems, 'endpoints')
  if (endpoints.length === 0) {
    throw problem('api/no-endpoints', { directory: endpointDirectory(projectDir) })
  }
  return endpoints
}

/** Reads what can be read. */
export async function readEndpoints(projectDir: string): Promise<ReadEndpoints> {
  const directory = endpointDirectory(projectDir)
  const files = (await readdir(directory).catch(() => [])).filter((file) => file.endsWith('.sql'))
  const endpoints: Endpoint[] = []
  const broken: { file: string; error: unknown }[] = []
  for (const name of files.sort()) {
    const path = join(directory, name)
    const file = relative(projectDir, path)
    try {
      const endpoint = parseEndpoint(file, await readFile(path, 'utf8'))
      refuseSecond(endpoint, endpoints)
      endpoints.push(endpoint)
    } catch (error) {
      broken.push({ file, error })
    }
  }
  return { endpoints, broken }
}

function refuseSecond(endpoint: Endpoint, before: readonly Endpoint[]): void {
  // {user_id} and {id} at the same place would answer the same addresses.
  const shape = (path: string) => path.replaceAll(/\{[^}]*\}/g, '{}')
  const first = before.find(({ header }) => shape(header.path) === shape(endpoint.header.path))
  if (first === undefined) return
  const reason = `${first.file} already serves ${first.header.path}.`
  throw brokenEndpoint(endpoint.name, reason, { file: endpoint.file, line: 1 })
}
