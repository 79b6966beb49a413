/**
 * A child process that runs one query at a time (protocol.ts). It holds no state between queries, is given its secrets on
 * stdin and not in its environment, and goes when its parent does.
 */
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { messageOf } from '../../../core/errors.ts'
import {
  encodeData,
  encodeMessage,
  type FromChild,
  type QueryRequest,
  type ToChild,
} from '../protocol.ts'
import { explainError } from './explain-error.ts'
import { type Answer, queryRunner } from './run-query.ts'
import { openSandbox } from './sandbox.ts'

type Running = { interrupt: () => void; runQuery: (request: QueryRequest) => Promise<Answer> }

let running: Running | undefined
/** The query at hand is not wanted any more: no further bytes of it are sent. */
let cancelled = false

becomeFirstVictim()
const input = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })
// A thread of DuckDB may be at work still, which would hold back an orderly end.
input.on('close', () => process.kill(process.pid, 'SIGKILL'))
input.on('line', (line) => {
  // The parent wrote it, by this type.
  void handle(JSON.parse(line) as ToChild)
})

async function handle(message: ToChild): Promise<void> {
  switch (message.kind) {
    case 'open':
      return await open(message)
    case 'query':
      return await answer(message.request)
    case 'cancel':
      cancelled = true
      running?.interrupt()
      return
    default:
      message satisfies never
  }
}

async function open({ options }: Extract<ToChild, { kind: 'open' }>): Promise<void> {
  try {
    const sandbox = await openSandbox(options)
    running = {
      interrupt: () => sandbox.connection.interrupt(),
      runQuery: queryRunner(sandbox),
    }
    await send({ kind: 'ready' })
  } catch (error) {
    await send({
      kind: 'failed',
      interrupted: false,
      broken: true,
      reason: messageOf(error).slice(0, 1500),
    })
  }
}

async function answer(request: QueryRequest): Promise<void> {
  if (running === undefined) throw new Error('asked before it was open')
  cancelled = false
  await send({ kind: 'taken' })
  try {
    const { parts, ...head } = await running.runQuery(request)
    await send({ kind: 'answer', ...head })
    for (const part of gathered(parts)) {
      for (const frame of encodeData(part)) {
        if (!cancelled) await write(frame)
      }
    }
    const { user, system } = process.cpuUsage()
    const cpuMs = Math.round((user + system) / 1000)
    await send({ kind: 'end', cpuMs, rssBytes: process.memoryUsage.rss() })
  } catch (error) {
    await send(explainError(error, request.sql))
  }
}

/** Many small parts as few large ones. */
function* gathered(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  const enough = 64 * 1024
  let batch: Uint8Array[] = []
  let bytes = 0
  for (const part of parts) {
    batch.push(part)
    bytes += part.length
    if (bytes < enough) continue
    yield Buffer.concat(batch)
    batch = []
    bytes = 0
  }
  yield Buffer.concat(batch)
}

function send(message: FromChild): Promise<void> {
  return write(encodeMessage(message))
}

function write(bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(bytes, () => resolve())
  })
}

/** Where memory runs out all the same, Linux ends this process and not the API. */
function becomeFirstVictim(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000')
  } catch {
    // macOS has no such file
  }
}
