/** What a test deploys: answers in the way that its model, or the request, says. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'

const [base = '', port = ''] = process.argv.slice(2)
const model: { mode: string; trainedOn: string } = JSON.parse(
  readFileSync(join(base, 'model', 'model.json'), 'utf8'),
)

const server = createServer(async (request, response) => {
  if (request.url === '/ping') {
    if (model.mode !== 'mute') response.end() // a mute one never answers
    return
  }
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const body = Buffer.concat(chunks).toString('utf8')
  const asked: { fault?: string; status?: number } = body.startsWith('{') ? JSON.parse(body) : {}
  if (asked.fault === 'die') process.kill(process.pid, 'SIGKILL')
  if (asked.fault === 'hang') return
  if (asked.fault === 'slow') await new Promise((resolve) => setTimeout(resolve, 300))
  if (asked.fault === 'close') {
    response.shouldKeepAlive = false
    server.close()
  }
  response.writeHead(asked.status ?? 200, {
    'content-type': request.headers.accept ?? 'text/plain',
    'x-amzn-sagemaker-custom-attributes': 'trace=7',
  })
  const answer = { trainedOn: model.trainedOn, pid: process.pid, bytes: body.length }
  response.end(
    asked.status === undefined
      ? JSON.stringify(answer).padEnd(asked.fault === 'long' ? 6_291_457 : 0)
      : '{"error":"no such feature"}',
  )
})
server.listen(Number(port), '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
