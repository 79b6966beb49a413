/** Requests as bytes: no client repairs or refuses what a test wants to send. */
import { connect } from 'node:net'

export type RawAnswer = {
  /** 0 when the connection was closed without an answer. */
  readonly status: number
  /** In lower case; the last one of a name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** All that came. */
  readonly text: string
}

/** Sends bytes and reads until the other side closes, or is still for five seconds. */
export function sendBytes(port: number, bytes: Buffer | string): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const chunks: Buffer[] = []
    const end = () => resolve(parse(Buffer.concat(chunks).toString('utf8')))
    socket.setTimeout(5000, () => socket.destroy())
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    // It may be closed while the rest is still being sent; what came before counts.
    socket.on('error', () => undefined)
    socket.on('close', end)
    socket.write(bytes)
  })
}

/** A request; its target, headers and body go out as they are. */
export function rawRequest(
  line: string,
  headers: readonly string[] = [],
  body: Buffer | string = '',
): Buffer {
  const own = headers.some((header) => /^host:/i.test(header)) ? [] : ['Host: localhost']
  const head = [`${line} HTTP/1.1`, ...own, 'Connection: close', ...headers, '', ''].join('\r\n')
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)])
}

function parse(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [first = '', ...lines] = head.split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...value] = line.split(':')
      return [name.toLowerCase(), value.join(':').trim()]
    }),
  )
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0),
    headers,
    body: rest.join('\r\n\r\n'),
    text,
  }
}
