/** The object store: a small set of calls whose failures mean the same on every S3-compatible server. */
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { messageOf } from '../errors.ts'
import { problem } from '../problems.ts'

export type S3Options = {
  /** Unset: AWS. */
  readonly endpoint?: string | undefined
  readonly region: string
  readonly bucket: string
  /** Unset: the AWS default credential chain. */
  readonly accessKeyId?: string | undefined
  readonly secretAccessKey?: string | undefined
  readonly pathStyle: boolean
  /** Milliseconds without a byte either way after which a request has failed. Default 30,000. */
  readonly requestTimeoutMs?: number
  /** Attempts the SDK makes by itself. Default 3. */
  readonly maxAttempts?: number
}

export type StoredObject = { readonly key: string; readonly bytes: number; readonly etag: string }

/** How a conditional PUT ended: `exists` is the store's 412. */
type PutOutcome = { readonly kind: 'written'; readonly etag: string } | { readonly kind: 'exists' }

export interface ObjectStore {
  readonly bucket: string
  /** Writes, replacing what is there. @returns the ETag */
  put(key: string, body: Uint8Array, contentType?: string): Promise<string>
  /** Writes only if nothing is there (`If-None-Match: *`). A 409 or 5xx is thrown as retryable. */
  putIfAbsent(key: string, body: Uint8Array, contentType?: string): Promise<PutOutcome>
  /** The bytes and ETag, or undefined when there is no such object. */
  get(key: string): Promise<{ readonly body: Uint8Array; readonly etag: string } | undefined>
  head(key: string): Promise<StoredObject | undefined>
  /** Keys under a prefix in byte order, all pages. */
  list(prefix: string, startAfter?: string): AsyncIterable<StoredObject>
  /** Deletes up to any number of keys; missing ones are no error. */
  delete(keys: readonly string[]): Promise<void>
  /** Answers when the bucket does. */
  ping(): Promise<void>
  close(): void
}

/** Opens a client; no request is made. Every failure is thrown as `lake/store-unreachable`. */
export function openS3(options: S3Options): ObjectStore {
  const client = new S3Client({
    region: options.region,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    forcePathStyle: options.pathStyle,
    maxAttempts: options.maxAttempts ?? 3,
    requestHandler: {
      // The SDK's requestTimeout only warns by default, and would end a large upload over a slow line.
      socketTimeout: options.requestTimeoutMs ?? 30_000,
      connectionTimeout: 5_000,
    },
    ...(options.accessKeyId === undefined
      ? {}
      : {
          credentials: {
            accessKeyId: options.accessKeyId,
            secretAccessKey: options.secretAccessKey ?? '',
          },
        }),
  })
  const bucket = options.bucket
  const endpoint = options.endpoint ?? 'AWS S3'

  async function attempt<T>(operation: string, send: () => Promise<T>): Promise<T> {
    try {
      return await send()
    } catch (cause) {
      if (cause instanceof Error && cause.name === 'CredentialsProviderError') {
        throw problem('lake/no-credentials', { bucket }, { cause })
      }
      const status =
        cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined
      const reason = `${status === undefined ? '' : `HTTP ${status} `}${messageOf(cause)}`
      throw problem('lake/store-unreachable', { endpoint, operation, reason }, { cause })
    }
  }

  return {
    bucket,
    put: (key, body, contentType) =>
      attempt(`write ${key}`, async () => {
        const command = new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: body,
          ContentType: contentType,
        })
        return (await client.send(command)).ETag ?? ''
      }),
    putIfAbsent: (key, body, contentType) =>
      attempt(`claim ${key}`, async () => {
        try {
          const answer = await client.send(
            new PutObjectCommand({
              Bucket: bucket,
              Key: key,
              Body: body,
              ContentType: contentType,
              IfNoneMatch: '*',
            }),
          )
          return { kind: 'written', etag: answer.ETag ?? '' }
        } catch (error) {
          if (statusOf(error) === 412) return { kind: 'exists' }
          throw error
        }
      }),
    get: (key) =>
      attempt(`read ${key}`, async () => {
        try {
          const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
          const body = (await answer.Body?.transformToByteArray()) ?? new Uint8Array()
          return { body, etag: answer.ETag ?? '' }
        } catch (error) {
          if (statusOf(error) === 404) return undefined
          throw error
        }
      }),
    head: (key) =>
      attempt(`look at ${key}`, async () => {
        try {
          const answer = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))
          return { key, bytes: answer.ContentLength ?? 0, etag: answer.ETag ?? '' }
        } catch (error) {
          if (statusOf(error) === 404) return undefined
          throw error
        }
      }),
    async *list(prefix, startAfter) {
      let token: string | undefined
      do {
        const page = await attempt(`list ${prefix}`, () =>
          client.send(
            new ListObjectsV2Command({
              Bucket: bucket,
              Prefix: prefix,
              ...(token === undefined ? { StartAfter: startAfter } : { ContinuationToken: token }),
            }),
          ),
        )
        for (const item of page.Contents ?? []) {
          yield { key: item.Key ?? '', bytes: item.Size ?? 0, etag: item.ETag ?? '' }
        }
        token = page.NextContinuationToken
      } while (token !== undefined)
    },
    async delete(keys) {
      // 1,000: the most that one DeleteObjects request takes.
      for (let start = 0; start < keys.length; start += 1_000) {
        const Objects = keys.slice(start, start + 1_000).map((Key) => ({ Key }))
        await attempt('delete objects', async () => {
          const command = new DeleteObjectsCommand({
            Bucket: bucket,
            Delete: { Objects, Quiet: true },
          })
          const failed = (await client.send(command)).Errors?.[0]
          if (failed !== undefined) throw new Error(`${failed.Key}: ${failed.Message}`)
        })
      }
    },
    ping: () =>
      attempt('answer', async () => {
        await client.send(new HeadBucketCommand({ Bucket: bucket }))
      }),
    close: () => client.destroy(),
  }
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined
}
