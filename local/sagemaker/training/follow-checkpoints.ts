/** Checkpoints go to S3 while a job runs, as in SageMaker: whatever kills the stand-in, the next job goes on from them. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../../../core/errors.ts'
import { filesBelow } from '../archive.ts'
import type { StandIn } from '../context.ts'
import { below, type S3Place } from '../files.ts'

const lookMs = 2_000
/** What was written more recently may be half of a file. */
const settledMs = 250

/**
 * Uploads what changes in a directory, until it is told to stop. What cannot be uploaded is tried again at the next
 * look; it never fails the job.
 * @returns what stops it, and resolves when no upload is under way
 */
export function followCheckpoints(
  { files, clock, log }: Pick<StandIn, 'files' | 'clock' | 'log'>,
  job: string,
  directory: string,
  place: S3Place,
): () => Promise<void> {
  const over = new AbortController()
  const { signal } = over
  // What is there came from S3.
  const uploaded = new Map(filesBelow(directory).map((path) => [path, fileOf(path).version]))
  let lastFailure: string | undefined

  function fileOf(path: string) {
    const { size, mtimeMs } = statSync(join(directory, path))
    return { version: `${size} ${mtimeMs}`, isSettled: clock.now() - mtimeMs >= settledMs }
  }

  async function look(): Promise<void> {
    for (const path of filesBelow(directory)) {
      const { version, isSettled } = fileOf(path)
      if (!isSettled || version === uploaded.get(path)) continue
      await files.upload(join(directory, path), below(place, path), { signal })
      uploaded.set(path, version)
    }
  }

  /** A failure that lasts is said once. */
  function noteFailure(error: unknown): void {
    const reason = messageOf(error)
    if (!signal.aborted && reason !== lastFailure) {
      log.warn({ event: 'training.checkpoints_not_uploaded', job, reason })
    }
    lastFailure = reason
  }

  async function follow(): Promise<void> {
    for (;;) {
      await clock.sleep(lookMs, signal)
      await look().catch(noteFailure)
    }
  }
  const following = follow().catch(() => {}) // the sleep ends so when it is stopped

  return async () => {
    over.abort()
    await following
  }
}
