/** How answers look on the wire. */
import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Refusal } from './refusal.ts'

/** Instants are seconds since 1970 in AWS JSON. */
export function toWire(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000
  if (Array.isArray(value)) return value.map(toWire)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toWire(inner)]))
}

export function sendJson(response: ServerResponse, value: unknown): void {
  // An operation without an answer has an empty body.
  const body = value === undefined ? '' : JSON.stringify(toWire(value))
  send(response, 200, { 'content-type': 'application/x-amz-json-1.1' }, Buffer.from(body))
}

export function send(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): void {
  response.writeHead(status, {
    'x-amzn-requestid': randomUUID(),
    ...headers,
    'content-length': body.length,
  })
  response.end(body)
}

/** Modelled exceptions of SageMaker name their text Message, the general ones of AWS message: both are sent. */
export function sendRefusal(response: ServerResponse, refusal: Refusal, isRuntime: boolean): void {
  const { type, status, message, details } = refusal
  const body = isRuntime
    ? { Message: message, ...details }
    : { __type: type, message, Message: message }
  const contentType = isRuntime ? 'application/json' : 'application/x-amz-json-1.1'
  send(
    response,
    status,
    { 'content-type': contentType, 'x-amzn-errortype': type },
    Buffer.from(JSON.stringify(body)),
  )
}
