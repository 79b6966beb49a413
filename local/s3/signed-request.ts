/** A request signed with AWS Signature Version 4, for a probe that should not load an SDK. */
import { createHash, createHmac } from 'node:crypto'

export type SignedRequest = {
  readonly method: 'HEAD' | 'PUT'
  readonly url: URL
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly at: Date
}

/** The headers that sign an S3 request without body and without query. */
export function signatureHeaders(request: SignedRequest): Readonly<Record<string, string>> {
  const time = request.at.toISOString().replace(/[-:]|\.\d+/g, '')
  const scope = `${time.slice(0, 8)}/${request.region}/s3/aws4_request`
  const emptyBody = sha256('')
  const signed = 'host;x-amz-content-sha256;x-amz-date'
  const canonical = [
    request.method,
    request.url.pathname,
    '',
    `host:${request.url.host}`,
    `x-amz-content-sha256:${emptyBody}`,
    `x-amz-date:${time}`,
    '',
    signed,
    emptyBody,
  ].join('\n')
  const key = scope
    .split('/')
    .reduce((secret: string | Buffer, part) => hmac(secret, part), `AWS4${request.secretAccessKey}`)
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n'))
  return {
    'x-amz-content-sha256': emptyBody,
    'x-amz-date': time,
    authorization: `AWS4-HMAC-SHA256 Credential=${request.accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature.toString('hex')}`,
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
