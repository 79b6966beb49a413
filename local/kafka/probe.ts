/**
 * Asks a broker, in Kafka's own protocol, whether it answers and which cluster it is. An open port alone
 * is not enough: the broker opens it before it can serve, and another program may own it.
 */
import { connect, type Socket } from 'node:net'
import { host } from '../ports.ts'

const apiKeys = { metadata: 3, apiVersions: 18 } as const
/** Metadata v7: the last one before the flexible encoding; it carries the cluster id. */
const metadataVersion = 7
const timeoutMs = 2_000

/**
 * The id of the cluster that answers on a loopback port.
 * @throws Error when nothing answers within 2 s, or ApiVersions or Metadata say an error
 */
export async function askClusterId(port: number): Promise<string> {
  const socket = await open(port)
  try {
    const apiVersions = await request(socket, apiKeys.apiVersions, 0, Buffer.alloc(0))
    const errorCode = apiVersions.readInt16BE(4)
    if (errorCode !== 0) throw new Error(`ApiVersions answers error ${errorCode}`)
    // No topics (an empty array), and do not create any (a false).
    const body = Buffer.from([0, 0, 0, 0, 0])
    return parseClusterId(await request(socket, apiKeys.metadata, metadataVersion, body))
  } finally {
    socket.destroy()
  }
}

/**
 * Reads the cluster id out of a Metadata v7 response.
 * @param response correlation id, throttle time, brokers, cluster id, …
 * @throws Error while no broker has registered
 */
export function parseClusterId(response: Buffer): string {
  let offset = 8
  const brokerCount = response.readInt32BE(offset)
  offset += 4
  if (brokerCount === 0) throw new Error('no broker has registered yet')
  for (let broker = 0; broker < brokerCount; broker++) {
    offset += 4 // node id
    offset += 2 + response.readInt16BE(offset) // host
    offset += 4 // port
    offset += 2 + Math.max(0, response.readInt16BE(offset)) // rack, -1 is none
  }
  const length = response.readInt16BE(offset)
  return response.toString('utf8', offset + 2, offset + 2 + Math.max(0, length))
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: timeoutMs })
    socket.once('error', reject)
    socket.once('timeout', () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)))
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
  })
}

/** Sends one request and returns the response without its length, beginning with the correlation id. */
function request(socket: Socket, apiKey: number, version: number, body: Buffer): Promise<Buffer> {
  const clientId = Buffer.from('millrace-probe')
  const header = Buffer.alloc(4 + 2 + 2 + 4 + 2)
  header.writeInt32BE(header.length - 4 + clientId.length + body.length, 0)
  header.writeInt16BE(apiKey, 4)
  header.writeInt16BE(version, 6)
  header.writeInt32BE(apiKey, 8)
  header.writeInt16BE(clientId.length, 12)
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0)
    const read = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return
      socket.off('data', read)
      resolve(received.subarray(4))
    }
    socket.on('data', read)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the connection was closed')))
    socket.write(Buffer.concat([header, clientId, body]))
  })
}
