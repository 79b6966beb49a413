/** The input of a training job: objects of S3 become files of its channels. */
import { join, normalize } from 'node:path'
import type { Channel } from '@aws-sdk/client-sagemaker'
import { z } from 'zod'
import type { Checked } from '../api/checked.ts'
import { below, type Files, FilesRefused, type S3Place, s3Place } from '../files.ts'

export type TrainingChannel = Checked<Channel>

/** What went wrong is the caller's fault; the text is the `FailureReason`. */
export class DownloadFailure extends Error {}

/** An object, and where in the directory of the channel it goes. */
type Wanted = { readonly place: S3Place; readonly path: string }

/**
 * Downloads a channel into its directory.
 * @throws `DownloadFailure` when there is nothing, or the manifest is none
 */
export async function downloadChannel(
  files: Files,
  channel: TrainingChannel,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  const wanted = await objectsOf(files, channel).catch(explain)
  if (wanted.length === 0) throw new DownloadFailure(nothingAt(channel))
  for (const { place, path } of wanted) {
    signal.throwIfAborted()
    const target = normalize(join(directory, path))
    if (!target.startsWith(`${directory}/`)) {
      throw new DownloadFailure(
        `ClientError: Data download failed: ${path} is outside of the channel`,
      )
    }
    const gunzip = channel.CompressionType === 'Gzip'
    await files.download(place, target, { gunzip, signal }).catch(explain)
  }
}

/** Those of a file system and a disk that a job fills itself, by its data. */
const fileFaults = ['ENOSPC', 'EDQUOT', 'EISDIR', 'ENOTDIR', 'EEXIST', 'ENAMETOOLONG']

/** What S3 refused, is no gzip or does not fit on the disk is for the caller to mend; a store that is away is not. */
function explain(cause: unknown): never {
  if (!(cause instanceof Error)) throw cause
  const code = 'code' in cause ? String(cause.code) : ''
  const isAnswer = cause instanceof FilesRefused
  if (!isAnswer && !code.startsWith('Z_') && !fileFaults.includes(code)) throw cause
  throw new DownloadFailure(`ClientError: Data download failed: ${cause.message}`, { cause })
}

/** Whether anything is where a channel points; SageMaker looks before it takes a job. */
export async function hasObjects(files: Files, channel: TrainingChannel): Promise<boolean> {
  const source = channel.DataSource.S3DataSource
  return source === undefined || (await files.list(s3Place(source.S3Uri), 1)).length > 0
}

export function nothingAt({ DataSource }: TrainingChannel): string {
  const uri = DataSource.S3DataSource?.S3Uri ?? ''
  return `No S3 objects found under S3 URL "${uri}" given in input data source. Please ensure that the bucket exists in the selected region, that objects exist under that S3 prefix, and that the role has "s3:ListBucket" permissions on bucket "${s3Place(uri).bucket}".`
}

async function objectsOf(
  files: Files,
  { DataSource }: TrainingChannel,
): Promise<readonly Wanted[]> {
  const source = DataSource.S3DataSource
  if (source === undefined) return []
  const place = s3Place(source.S3Uri)
  if (source.S3DataType === 'ManifestFile')
    return manifestObjects(await files.readText(place), source.S3Uri)
  const found = await files.list(place)
  return found
    .filter(({ key }) => !key.endsWith('/')) // the mark of a directory
    .map(({ key }) => ({ place: { ...place, key }, path: pathBelow(place.key, key) }))
}

/** `a/b/` and `a/b` both give `c` for `a/b/c`; a prefix inside a name gives the whole name. */
function pathBelow(prefix: string, key: string): string {
  const whole = key.startsWith(`${prefix}/`)
    ? `${prefix}/`
    : prefix.slice(0, prefix.lastIndexOf('/') + 1)
  return key.slice(whole.length)
}

const manifest = z.tuple([z.object({ prefix: z.string().startsWith('s3://') })], z.string())

/** `[{"prefix": "s3://bucket/a/"}, "b.csv", …]` */
function manifestObjects(text: string, uri: string): readonly Wanted[] {
  const parsed = manifest.safeParse(parseJson(text))
  if (!parsed.success) {
    throw new DownloadFailure(
      `ClientError: Data download failed: ${uri} is not a valid S3 manifest`,
    )
  }
  const [{ prefix }, ...paths] = parsed.data
  return paths.map((path) => ({ place: below(s3Place(prefix), path), path }))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
