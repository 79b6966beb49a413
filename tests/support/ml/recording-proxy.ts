/** Stands before the API of SageMaker and writes down what it is asked. */
import { createServer, type IncomingHttpHeaders, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Recorded = { readonly operation: string; readonly body: unknown }

/** A request of the runtime's REST, as it came. */
export type RecordedInvocation = {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export type RecordingProxy = {
  readonly url: string
  readonly recorded: Recorded[]
  readonly invocations: RecordedInvocation[]
  /** The next request of this operation is carried out, and its answer never arrives. */
  loseAnswer(operation: string): void
  close(): void
}

export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  const recorded: Recorded[] = []
  const invocations: RecordedInvocation[] = []
  let toLose = ''
  const { hostname, port } = new URL(target)
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const { method, url: path, headers } = request
    const operation = String(headers['x-amz-target'] ?? '').replace('SageMaker.', '')
    if (operation !== '') recorded.push({ operation, body: JSON.parse(body.toString('utf8')) })
    else invocations.push({ method: method ?? '', path: path ?? '', headers, body })
    const isLost = operation !== '' && operation === toLose
    if (isLost) toLose = ''
    const forward = send({ hostname, port, method, path, headers }, (answer) => {
      if (isLost) return response.destroy()
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    forward.on('error', () => response.destroy())
    forward.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // It listens on a port, so it has an address with one.
  const { port: own } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${own}`,
    recorded,
    invocations,
    loseAnswer: (operation) => {
      toLose = operation
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
