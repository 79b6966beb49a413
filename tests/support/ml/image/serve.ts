/** Serves the model by our own evaluator; answers.txt in its archive says how: well, mute or dies. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { readModel } from '../../../../ml/model/read-model.ts'
import { toRows } from '../../../../ml/model/rows.ts'
import { scoreRows } from '../../../../ml/model/score.ts'

const [base = '', port = ''] = process.argv.slice(2)
const read = (name: string) => readFileSync(join(base, 'model', name), 'utf8')
const model = readModel(read('model.json'), read('serving.json'))
const answers = read('answers.txt')
let asked = 0

const server = createServer(async (request, response) => {
  if (request.url === '/ping') {
    if (answers !== 'mute') response.end() // a mute one never answers
    return
  }
  asked++
  if (answers === 'dies' && asked > 6) {
    process.kill(process.pid, 'SIGKILL') // before an answer begins
    return
  }
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const { instances } = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  const scores = scoreRows(model, toRows(model, instances))
  response.setHeader('content-type', 'application/json')
  response.end(
    JSON.stringify({
      model: { name: model.name, version: model.version },
      predictions: [...scores].map((score) => ({ score })),
    }),
  )
})
server.listen(Number(port), '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
