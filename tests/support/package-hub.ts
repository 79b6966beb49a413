/** A package hub on a free port of this machine: real HTTP, real archives, and faults on demand. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { packageArchive } from './tar.ts'

export type HubPackageVersion = {
  /** Entries as packages.yml has them. */
  readonly packages?: readonly unknown[]
  readonly requires?: readonly string[]
  readonly files?: Readonly<Record<string, string>>
  /** Instead of a package's own archive. */
  readonly archive?: Buffer
  /** Instead of the archive's own. */
  readonly sha1?: string
}

export type HubPackages = Readonly<Record<string, Readonly<Record<string, HubPackageVersion>>>>

/** Answers a request itself when it returns true. */
export type Intercept = (path: string, answer: ServerResponse, asked: IncomingMessage) => boolean

export type TestHub = AsyncDisposable & {
  /** With a slash at its end. */
  readonly url: string
  /** Paths in the order in which they were asked for. */
  readonly requests: string[]
  intercept: Intercept
}

/** Serves packages by `organisation/name`, then version; close it with `await using`. */
export async function openTestHub(packages: HubPackages): Promise<TestHub> {
  const requests: string[] = []
  const server = createServer((asked, answer) => {
    const path = asked.url ?? ''
    requests.push(path)
    if (hub.intercept(path, answer, asked)) return
    const body = bodies.get(path)
    answer.writeHead(body === undefined ? 404 : 200).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // The server listens on a port, so its address is no path of a pipe.
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/`
  const bodies = bodiesOf(packages, url)
  const hub: TestHub = {
    url,
    requests,
    intercept: () => false,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return hub
}

function bodiesOf(packages: HubPackages, url: string): Map<string, string | Buffer> {
  const bodies = new Map<string, string | Buffer>()
  bodies.set('/api/v1/index.json', JSON.stringify(Object.keys(packages)))
  for (const [fullName, versions] of Object.entries(packages)) {
    const name = fullName.split('/')[1] ?? ''
    const entries = Object.entries(versions).map(([version, given]) => {
      const path = `archives/${name}/${version}.tar.gz`
      const archive = given.archive ?? archiveOf(name, version, given.files)
      bodies.set(`/${path}`, archive)
      const sha1 = given.sha1 ?? createHash('sha1').update(archive).digest('hex')
      return [
        version,
        {
          id: `${fullName}/${version}`,
          name,
          version,
          packages: given.packages ?? [],
          require_dbt_version: given.requires ?? [],
          downloads: { tarball: `${url}${path}`, format: 'tgz', sha1 },
        },
      ]
    })
    const answer = {
      name,
      namespace: fullName.split('/')[0],
      versions: Object.fromEntries(entries),
    }
    bodies.set(`/api/v1/${fullName}.json`, JSON.stringify(answer))
  }
  return bodies
}

function archiveOf(name: string, version: string, files: Readonly<Record<string, string>> = {}) {
  return packageArchive(`${name}-${version}`, {
    'dbt_project.yml': `name: ${name}\nversion: ${version}\n`,
    'macros/version.sql': `{% macro ${name}_version() %}${version}{% endmacro %}`,
    ...files,
  })
}
