/** Requests of SageMaker's runtime, held against the SDK's own model of them (runtime-model.json, by service_model.py). */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { checkRequest } from '../../../local/sagemaker/api/check-request.ts'
import type { ServiceModel } from '../../../local/sagemaker/api/service-model.ts'
import type { RecordedInvocation } from '../ml/recording-proxy.ts'

const httpSchema = z.object({
  method: z.string(),
  path: z.string(),
  /** Member → where it stands in a request, and under which name. */
  places: z.record(z.string(), z.tuple([z.enum(['uri', 'header', 'body']), z.string()])),
})

const written = JSON.parse(readFileSync(new URL('runtime-model.json', import.meta.url), 'utf8'))
/** Its shapes are printed by what prints those of service-model.json. */
const model: ServiceModel = written
const http = httpSchema.parse(written.http)

/** What every HTTP client sends, or the SDK with each request of any service: no member of an operation. */
const common =
  /^(host|connection|content-length|authorization|user-agent|x-amz-user-agent|amz-sdk-.*|x-amz-(date|content-sha256|security-token))$/

/**
 * The members of an InvokeEndpoint.
 * @throws Error for what the model does not know, and what `checkRequest` throws
 */
export function readInvocation(request: RecordedInvocation): Readonly<Record<string, unknown>> {
  const { method, path, headers, body } = request
  const [, endpoint] = new RegExp(`^${http.path.replace(/\{\w+\}/, '([^/?]+)')}$`).exec(path) ?? []
  if (method !== http.method || endpoint === undefined) {
    throw new Error(`${method} ${path} is no ${http.method} ${http.path}`)
  }
  const members: Record<string, unknown> = {}
  const known = new Set<string>()
  for (const [member, [place, name]] of Object.entries(http.places)) {
    if (place === 'header') known.add(name.toLowerCase())
    const value = {
      uri: decodeURIComponent(endpoint),
      header: headers[name.toLowerCase()],
      body: body.toString('latin1'), // a character a byte, by which the model limits it
    }[place]
    if (value !== undefined) members[member] = value
  }
  const unknown = Object.keys(headers).filter((name) => !known.has(name) && !common.test(name))
  if (unknown.length > 0) throw new Error(`the model does not know ${unknown.join(', ')}`)
  checkRequest(model, 'InvokeEndpoint', members)
  return members
}
