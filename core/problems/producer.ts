/** Problems of topics and of the producer. */
import { defineProblem } from './define.ts'

export const producerProblems = {
  'kafka/unreachable': defineProblem<{ brokers: string; reason: string }>({
    actor: 'outside',
    message: ({ brokers, reason }) => `Kafka at ${brokers} does not answer: ${reason}`,
    hint: () =>
      '`millrace status` shows the local services; `millrace config kafka` shows the address used.',
  }),
  'kafka/topic-refused': defineProblem<{ topic: string; reason: string }>({
    actor: 'user',
    message: ({ topic, reason }) => `Kafka refused topic ${topic}: ${reason}`,
    hint: () =>
      'a name has 1–249 of the characters a–z A–Z 0–9 . _ -; a replication factor is at most the number of brokers.',
  }),
  'kafka/no-such-topic': defineProblem<{
    topic: string
    brokers: string
    nearest?: string | undefined
  }>({
    actor: 'user',
    message: ({ topic, brokers }) => `The broker at ${brokers} has no topic ${topic}.`,
    hint: ({ nearest }) =>
      nearest === undefined
        ? '`millrace topics create` makes it; `millrace topics list` prints every one.'
        : `did you mean ${nearest}? \`millrace topics list\` prints every one.`,
  }),
  'produce/interrupted-by-kafka': defineProblem<{ brokers: string; sent: number; reason: string }>({
    actor: 'outside',
    message: ({ brokers, sent, reason }) =>
      `Kafka at ${brokers} stopped taking messages: ${reason}\n${sent} were acknowledged; the batch after them may be there or not.`,
    hint: () =>
      '`millrace status` shows the local services. Running it again sends everything from the start.',
  }),
  'produce/message-refused': defineProblem<{ topic: string; reason: string }>({
    actor: 'user',
    message: ({ topic, reason }) => `The broker refused a message for ${topic}: ${reason}`,
    hint: () =>
      'raise max.message.bytes of the topic, or lower landing.max_record_bytes, which decides how long an oversized message is.',
  }),
  'produce/file-unreadable': defineProblem<{ file: string; reason: string }>({
    actor: 'user',
    message: ({ file, reason }) => `${file} cannot be read: ${reason}`,
    hint: () => '--file takes NDJSON: one message a line.',
  }),
  'produce/file-unwritable': defineProblem<{ file: string; reason: string }>({
    actor: 'user',
    message: ({ file, reason }) => `${file} cannot be written: ${reason}`,
    hint: () => 'nothing was left behind; name another file with --out or make room.',
  }),
  'produce/line-too-long': defineProblem<{ maxBytes: number }>({
    actor: 'user',
    message: ({ maxBytes }) => `This line has more than ${maxBytes} bytes.`,
    hint: () => 'a broker takes messages up to 1 MiB; is the file NDJSON, one message a line?',
  }),
}
