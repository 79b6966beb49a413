/** Problems of the landing area. */
import { defineProblem } from './define.ts'

export const landingProblems = {
  'landing/ledger-broken': defineProblem<{ key: string; reason: string }>({
    actor: 'user',
    message: ({ key, reason }) => `The ledger does not hold at ${key}: ${reason}.`,
    hint: () =>
      'something other than Millrace wrote or deleted ledger objects; restore them from the bucket’s versions, then `millrace audit <topic>`.',
  }),
  'landing/store-ignores-conditions': defineProblem<{ bucket: string }>({
    actor: 'user',
    message: ({ bucket }) =>
      `The store of bucket ${bucket} overwrote an object although If-None-Match: * was asked for; landing there could lose records.`,
    hint: () =>
      'use a store that honours conditional writes (AWS S3, versitygw, a recent MinIO or Ceph).',
  }),
  'landing/gap': defineProblem<{ partition: string; head: number; logStart: number }>({
    actor: 'user',
    message: ({ partition, head, logStart }) =>
      `${partition}: Kafka has dropped offsets ${head} to ${logStart - 1} before they were landed.`,
    hint: () =>
      'those records are gone. To write that down as a gap entry and go on, run once with landing.on_gap: record; then raise the topic’s retention.',
  }),
  'landing/log-behind': defineProblem<{ partition: string; head: number; highWatermark: number }>({
    actor: 'user',
    message: ({ partition, head, highWatermark }) =>
      `${partition}: the ledger ends at offset ${head}, but Kafka’s log ends at ${highWatermark}, and the topic id is the same.`,
    hint: () =>
      'the log was truncated or restored from an older copy. Nothing is landed until it passes that offset again or the topic is made anew.',
  }),
  'landing/log-changed': defineProblem<{ partition: string; offset: number }>({
    actor: 'user',
    message: ({ partition, offset }) =>
      `${partition}: the record at offset ${offset} is not the one that was landed.`,
    hint: () =>
      'the log was truncated and written again (unclean leader election or a restore). Compare the landed file of that offset with Kafka; a topic made anew gets a ledger of its own.',
  }),
  'landing/topic-recreated': defineProblem<{ topic: string; before: string; now: string }>({
    actor: 'outside',
    retryable: false, // not by asking again in this run
    message: ({ topic, before, now }) =>
      `Topic ${topic} was deleted and made again (topic id ${before}, now ${now}) while it was being landed.`,
    hint: () =>
      'run it again: the new topic gets a ledger of its own. Records of the old one that were not landed are gone with it.',
  }),
  'landing/offset-too-large': defineProblem<{ partition: string; offset: string }>({
    actor: 'user',
    message: ({ partition, offset }) =>
      `${partition}: offset ${offset} is beyond 2^53 - 1, more than Millrace can count exactly.`,
    hint: () => 'make the topic anew.',
  }),
  'landing/no-such-topic': defineProblem<{ topic: string; brokers: string }>({
    actor: 'user',
    message: ({ topic, brokers }) => `The broker at ${brokers} has no topic ${topic}.`,
    hint: () => '`millrace topics create` makes it; `millrace config` shows the broker used.',
  }),
  'landing/no-ledger': defineProblem<{ topic: string; bucket: string }>({
    actor: 'user',
    message: ({ topic, bucket }) =>
      `Nothing of topic ${topic} has been landed in bucket ${bucket}.`,
    hint: () => '`millrace land` lands it; `millrace config` shows the bucket used.',
  }),
  'landing/codec-missing': defineProblem<{ topic: string; codec: string }>({
    actor: 'user',
    message: ({ topic, codec }) =>
      `Topic ${topic} holds batches compressed with ${codec}, which this installation cannot read.`,
    hint: () =>
      'set compression.type=gzip or zstd (zstd needs Node 22.15) on the topic or its producers; batches written before stay as they are.',
  }),
  'landing/temp-unusable': defineProblem<{ directory: string; reason: string }>({
    actor: 'user',
    message: ({ directory, reason }) =>
      `The folder for temporary files, ${directory}, cannot be used: ${reason}`,
    hint: () => 'set duckdb.temp_directory to a folder that this user may write, with some space.',
  }),
  'landing/kafka-unreachable': defineProblem<{ brokers: string; reason: string }>({
    actor: 'outside',
    message: ({ brokers, reason }) => `Kafka at ${brokers} failed: ${reason}`,
    hint: () =>
      'what was landed is safe; run it again. `millrace status` shows the local services.',
  }),
  'landing/stuck': defineProblem<{ partition: string; head: number; lag: number; seconds: number }>(
    {
      actor: 'outside',
      message: ({ partition, head, lag, seconds }) =>
        `${partition}: the head has stood at offset ${head} for ${seconds} s although ${lag} records wait.`,
      hint: () => 'what was landed is safe; the log above says what failed. Run it again.',
    },
  ),
  'landing/encode-failed': defineProblem<{
    partition: string
    start: number
    end: number
    reason: string
  }>({
    actor: 'us',
    message: ({ partition, start, end, reason }) =>
      `${partition}: offsets ${start} to ${end - 1} could not be written as Parquet: ${reason}`,
    hint: () => 'nothing of them was claimed; please report it with the log.',
  }),
  'landing/does-not-hold': defineProblem<{ topic: string; violations: number }>({
    actor: 'model',
    message: ({ topic, violations }) =>
      `The audit of ${topic} found ${violations} violation${violations === 1 ? '' : 's'}.`,
    hint: () => 'each is listed above with its key.',
  }),
}
