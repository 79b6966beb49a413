/** Clients that ask for much and read nothing of it: each would hold its answer in memory for ever. */
import type { ServerResponse } from 'node:http'

/**
 * Breaks the connection off when nothing of a finished answer goes out for so long; one that is read slowly goes on.
 * Answers that are still being made have limits of their own.
 */
export function giveUpStalled(response: ServerResponse, stalledMs: number): void {
  response.once('prefinish', () => {
    const { socket } = response
    // What the system has taken already needs no watching, and that is nearly every answer.
    if (socket === null || socket.writableLength === 0) return
    socket.setTimeout(stalledMs)
    response.once('finish', () => {
      // Node has set its own in the meantime, unless another answer goes out over this connection.
      if (socket.timeout === stalledMs) socket.setTimeout(0)
    })
  })
}
