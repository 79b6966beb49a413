/** For bench/api.ts: what `node:http` alone answers, with the same body. Run with its port. */
import { createServer } from 'node:http'

const body = '{"active_users":80617}'

createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(body)
}).listen(Number(process.argv[2]), '127.0.0.1')
