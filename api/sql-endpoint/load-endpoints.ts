/** The endpoints of a project: every `.sql` file of one folder. */
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { problem } from '../../core/problems.ts'
import { brokenEndpoint, type Endpoint, parseEndpoint } from './parse-endpoint.ts'

/**
 * Reads all endpoints, sorted by name.
 * @param projectDir what file names in messages are relative to
 * @throws `api/no-endpoints`; an AggregateError of every `api/broken-endpoint`
 */
export async function loadEndpoints(projectDir: string): Promise<Endpoint[]> {
  const directory = join(projectDir, 'api', 'endpoints')
  const files = (await readdir(directory).catch(() => [])).filter((file) => file.endsWith('.sql'))
  if (files.length === 0) throw problem('api/no-endpoints', { directory })
  const endpoints: Endpoint[] = []
  const problems: unknown[] = []
  for (const file of files.sort()) {
    const path = join(directory, file)
    try {
      const endpoint = parseEndpoint(relative(projectDir, path), await readFile(path, 'utf8'))
      refuseSecond(endpoint, endpoints)
      endpoints.push(endpoint)
    } catch (error) {
      problems.push(error)
    }
  }
  if (problems.length > 0) throw new AggregateError(problems, 'endpoints')
  return endpoints
}

function refuseSecond(endpoint: Endpoint, before: readonly Endpoint[]): void {
  // {user_id} and {id} at the same place would answer the same addresses.
  const shape = (path: string) => path.replaceAll(/\{[^}]*\}/g, '{}')
  const first = before.find(({ header }) => shape(header.path) === shape(endpoint.header.path))
  if (first === undefined) return
  const reason = `${first.file} already serves ${first.header.path}.`
  throw brokenEndpoint(endpoint.name, reason, { file: endpoint.file, line: 1 })
}
