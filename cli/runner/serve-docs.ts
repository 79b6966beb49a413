/** `docs serve`: the page and the artifacts of the target folder over HTTP, for this machine. */
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { isOwnHost } from '../../core/own-host.ts'
import { problem } from '../../core/problems.ts'
import { openContext } from '../context.ts'
import { withInterrupt } from '../interrupt.ts'
import type { GlobalArguments } from '../options.ts'
import { type ArtifactArguments, artifactFolders } from './artifact-options.ts'
import { readDocsPage } from './docs-page.ts'

type ServeArguments = GlobalArguments &
  ArtifactArguments & { readonly host: string; readonly port: number }

/** Only these are served, whatever else is in the folder. */
const files: Readonly<Record<string, string>> = {
  '/manifest.json': 'application/json',
  '/catalog.json': 'application/json',
  '/static_index.html': 'text/html; charset=utf-8',
}

/** @throws `cli/no-docs` when nothing has been generated, `api/port-taken`, `api/cannot-listen` */
export async function serveDocs(args: ServeArguments): Promise<number> {
  const { config } = openContext({ ...args, target: undefined })
  const { loadProject } = await import('../../transform/index.ts')
  const { settings } = await loadProject(config.projectDir)
  const { target, targetPath } = artifactFolders(config, settings, args)
  await readFile(join(target, 'manifest.json')).catch((cause: unknown) => {
    throw problem('cli/no-docs', { folder: targetPath }, { cause })
  })
  const page = await readDocsPage()
  return await withInterrupt(async (signal) => {
    const server = createServer((request, response) => {
      const refused = refusalOf(request, args.host)
      if (refused === undefined) void answer(target, page, request.url ?? '/', response)
      else response.writeHead(refused).end()
    })
    const port = await listen(server, args)
    process.stderr.write(`Serving http://${args.host}:${port} (Ctrl-C stops it)\n`)
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        server.closeAllConnections()
        server.close(() => resolve())
      })
    })
    return 0
  })
}

/** The status for what is not answered. */
function refusalOf({ method, headers }: IncomingMessage, listening: string): number | undefined {
  if (!isOwnHost(headers.host, listening)) return 421
  return method === 'GET' || method === 'HEAD' ? undefined : 405
}

async function answer(
  target: string,
  page: string,
  url: string,
  response: ServerResponse,
): Promise<void> {
  const path = url.replace(/[?#].*$/s, '')
  const send = (status: number, type: string, body: string | Uint8Array) =>
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
  if (path === '/' || path === '/index.html') {
    send(200, 'text/html; charset=utf-8', page)
    return
  }
  const type = files[path]
  const body =
    type === undefined ? undefined : await readFile(join(target, path)).catch(() => undefined)
  if (type === undefined || body === undefined) send(404, 'text/plain', 'not found\n')
  else send(200, type, body)
}

function listen(server: Server, { host, port }: ServeArguments): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === 'EADDRINUSE'
      const reason = cause.message
      reject(
        isTaken
          ? problem('api/port-taken', { host, port }, { cause })
          : problem('api/cannot-listen', { host, port, reason }, { cause }),
      )
    })
    server.listen(port, host, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}
