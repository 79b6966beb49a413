/** An open loop: requests come when they come, answered or not. */
import { Agent, request } from 'node:http'

export type Seen = {
  readonly sent: number
  /** Milliseconds of each answer 200, from the instant at which its request was due. */
  readonly admitted: number[]
  /** Of each 503 and 429. */
  readonly refused: number[]
  readonly failed: number
  /** How often each status or error was the reason. */
  readonly reasons: ReadonlyMap<string, number>
}

/** Sends so many requests a second, evenly, for so long, and waits for the last answer. */
export async function askEvenly(
  addressOf: () => string,
  load: { readonly perSecond: number; readonly seconds: number },
): Promise<Seen> {
  const agent = new Agent({ keepAlive: true, maxSockets: 2000 })
  const admitted: number[] = []
  const refused: number[] = []
  let sent = 0
  let failed = 0
  const reasons = new Map<string, number>()
  let open = 0
  const ask = (due: number) => {
    open++
    const done = (status: number, reason = `${status}`) => {
      open--
      const took = performance.now() - due
      if (status === 200) admitted.push(took)
      else if (status === 503 || status === 429) refused.push(took)
      else {
        failed++
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
      }
    }
    request(addressOf(), { agent }, (response) => {
      response.resume().once('end', () => done(response.statusCode ?? 0))
    })
      .once('error', (error: NodeJS.ErrnoException) => done(0, error.code ?? error.message))
      .end()
  }
  const start = performance.now()
  const all = Math.floor(load.perSecond * load.seconds)
  while (sent < all) {
    const due = ((performance.now() - start) / 1000) * load.perSecond
    for (; sent < Math.min(due, all); sent++) ask(start + (sent / load.perSecond) * 1000)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  while (open > 0) await new Promise((resolve) => setTimeout(resolve, 10))
  agent.destroy()
  return { sent, admitted, refused, failed, reasons }
}
