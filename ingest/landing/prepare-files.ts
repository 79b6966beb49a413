/** The action `prepare`: the records of a claim become files in the bucket, which nobody sees before the claim. */
import { isProblem, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { LedgerFile } from '../ledger/entry.ts'
import type { Chain } from '../ledger/keys.ts'
import { putFile } from './claims.ts'
import { type EncodedFile, encodeRecords } from './encode.ts'
import type { Gate } from './gate.ts'
import type { Claim } from './machine.ts'
import type { LandingDependencies, LandingOptions } from './options.ts'
import type { RecordBuffer } from './record-buffer.ts'
import { type RetryContext, untilDone } from './retry.ts'

/** Files of one claim that are uploaded at once. */
const uploadsAtOnce = 4

export type PrepareContext = {
  readonly options: Pick<LandingOptions, 'topic' | 'schema' | 'maxRecordBytes' | 'tempDirectory'>
  readonly dependencies: Pick<LandingDependencies, 'store' | 'duckdb' | 'clock'>
  /** Encoding takes memory and both cores: one at a time. */
  readonly encodeGate: Gate
  /** Throws when the topic is no longer the one we landed. Asked after the last fetch of a claim. */
  readonly assertSameTopic: () => Promise<void>
}

/**
 * Encodes and uploads; each record is in exactly one of the files.
 * @throws `landing/encode-failed` `lake/out-of-space` `landing/topic-recreated`; the signal's reason when it
 *   is aborted meanwhile
 */
export async function prepareFiles(
  chain: Chain,
  claim: Claim,
  records: RecordBuffer,
  context: PrepareContext,
  retries: RetryContext,
): Promise<readonly LedgerFile[]> {
  const encoded = await encode(chain, claim, records, context, retries.signal)
  const files: LedgerFile[] = []
  for (let at = 0; at < encoded.length; at += uploadsAtOnce) {
    const group = encoded
      .slice(at, at + uploadsAtOnce)
      .map((file) =>
        untilDone('writing a data file', retries, () =>
          putFile(context.dependencies.store, chain, claim, file),
        ),
      )
    files.push(...(await Promise.all(group)))
  }
  await untilDone('asking for the topic id', retries, context.assertSameTopic)
  return files
}

async function encode(
  chain: Chain,
  claim: Claim,
  records: RecordBuffer,
  { options, dependencies, encodeGate }: PrepareContext,
  signal: AbortSignal,
): Promise<readonly EncodedFile[]> {
  const landedAtMs = dependencies.clock.now()
  try {
    return await encodeGate(async () =>
      signal.aborted || records.count === 0
        ? []
        : await encodeRecords(dependencies.duckdb, records, {
            topic: options.topic,
            partition: chain.partition,
            schema: options.schema,
            maxRecordBytes: options.maxRecordBytes,
            landedAtMs,
            nonce: claim.nonce,
            tempDirectory: options.tempDirectory,
          }),
    )
  } catch (cause) {
    if (isProblem(cause)) throw cause
    const partition = `${chain.topic}/${chain.partition}`
    const parameters = { partition, start: claim.start, end: claim.end, reason: messageOf(cause) }
    throw problem('landing/encode-failed', parameters, { cause })
  }
}
