/** Objects as files: channels come down from S3, models and checkpoints go up. */
import { createWriteStream, mkdirSync } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { ListObjectsV2CommandOutput, S3Client, S3ServiceException } from '@aws-sdk/client-s3'

export type S3Place = { readonly bucket: string; readonly key: string }

/** What S3 said no to: there is no such object, or it may not be read. */
export class FilesRefused extends Error {}

export interface Files {
  /** Whether there is a server that answers, with whatever. */
  answers(): Promise<boolean>
  /** Objects whose keys begin so, in byte order; none where there is no such bucket. @param limit how many at most */
  list(place: S3Place, limit?: number): Promise<readonly { key: string; bytes: number }[]>
  exists(place: S3Place): Promise<boolean>
  readText(place: S3Place): Promise<string>
  /** Makes the directories of `file`. */
  download(place: S3Place, file: string, options?: DownloadOptions): Promise<void>
  /** The file as it is now: one that is replaced or grows meanwhile is not mixed with what it was. */
  upload(
    file: string,
    place: S3Place,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<void>
}

type DownloadOptions = {
  readonly gunzip?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export type FilesOptions = {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Opens a client; the SDK is loaded by the first call, because loading it takes longer than starting. */
export function openFiles(options: FilesOptions): Files {
  let opened: Promise<{ sdk: typeof import('@aws-sdk/client-s3'); client: S3Client }> | undefined
  const open = () => {
    opened ??= import('@aws-sdk/client-s3').then((sdk) => {
      const { accessKeyId, secretAccessKey } = options
      const client = new sdk.S3Client({
        region: options.region,
        endpoint: options.endpoint,
        forcePathStyle: true,
        credentials: { accessKeyId, secretAccessKey },
      })
      return { sdk, client }
    })
    return opened
  }
  return {
    async answers() {
      const { sdk, client } = await open()
      return await client.send(new sdk.ListBucketsCommand({})).then(
        () => true,
        (error: unknown) => error instanceof sdk.S3ServiceException && !isBroken(error),
      )
    },
    async list({ bucket, key }, limit = Number.POSITIVE_INFINITY) {
      const { sdk, client } = await open()
      const found: { key: string; bytes: number }[] = []
      let token: string | undefined
      do {
        const command = { Bucket: bucket, Prefix: key, ContinuationToken: token }
        const page: ListObjectsV2CommandOutput = await client
          .send(new sdk.ListObjectsV2Command(command))
          .catch((error: unknown) => {
            if (isMissing(sdk, error)) return nothing
            throw error
          })
        for (const { Key = '', Size = 0 } of page.Contents ?? [])
          found.push({ key: Key, bytes: Size })
        token = page.NextContinuationToken
      } while (token !== undefined && found.length < limit)
      return found.slice(0, limit)
    },
    async exists({ bucket, key }) {
      const { sdk, client } = await open()
      try {
        await client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: key }))
        return true
      } catch (error) {
        if (isMissing(sdk, error)) return false
        throw error
      }
    },
    async readText({ bucket, key }) {
      const { sdk, client } = await open()
      const command = new sdk.GetObjectCommand({ Bucket: bucket, Key: key })
      const { Body } = await client.send(command).catch(refused(sdk, bucket, key))
      return (await Body?.transformToString()) ?? ''
    },
    async download({ bucket, key }, file, { gunzip, signal } = {}) {
      const { sdk, client } = await open()
      const command = new sdk.GetObjectCommand({ Bucket: bucket, Key: key })
      const { Body } = await client
        .send(command, signal === undefined ? {} : { abortSignal: signal })
        .catch(refused(sdk, bucket, key))
      if (!(Body instanceof Readable)) throw new Error(`no body of ${key}`)
      mkdirSync(dirname(file), { recursive: true })
      const target = createWriteStream(file)
      const ending = signal === undefined ? {} : { signal }
      if (gunzip === true) await pipeline(Body, createGunzip(), target, ending)
      else await pipeline(Body, target, ending)
    },
    async upload(file, { bucket, key }, { signal } = {}) {
      const { sdk, client } = await open()
      await using handle = await openFile(file)
      const { size: ContentLength } = await handle.stat()
      const Body =
        ContentLength === 0 ? new Uint8Array() : handle.createReadStream({ end: ContentLength - 1 })
      const command = { Bucket: bucket, Key: key, Body, ContentLength }
      await client.send(
        new sdk.PutObjectCommand(command),
        signal === undefined ? {} : { abortSignal: signal },
      )
    },
  }
}

function refused(sdk: typeof import('@aws-sdk/client-s3'), bucket: string, key: string) {
  return (cause: unknown): never => {
    if (!(cause instanceof sdk.S3ServiceException) || isBroken(cause)) throw cause
    const { name, $metadata } = cause
    const said = `${name} (${$metadata.httpStatusCode})`
    throw new FilesRefused(`${said} for s3://${bucket}/${key}`, { cause })
  }
}

/** Its fault, not ours. */
function isBroken({ $metadata }: S3ServiceException): boolean {
  return ($metadata.httpStatusCode ?? 500) >= 500
}

const nothing: ListObjectsV2CommandOutput = { $metadata: {} }

function isMissing(sdk: typeof import('@aws-sdk/client-s3'), error: unknown): boolean {
  return error instanceof sdk.S3ServiceException && error.$metadata.httpStatusCode === 404
}

/** Takes `s3://bucket/key` apart; the service model has checked the form. The key may be empty. */
export function s3Place(uri: string): S3Place {
  const [, bucket = '', key = ''] = /^(?:s3|https):\/\/([^/]+)\/?(.*)$/s.exec(uri) ?? []
  return { bucket, key }
}

/** A place below another one. */
export function below({ bucket, key }: S3Place, path: string): S3Place {
  return { bucket, key: key === '' || key.endsWith('/') ? `${key}${path}` : `${key}/${path}` }
}
