/** `millrace produce`: simulated user activity, or a file, into a topic or a file. */
import type { ArgumentsCamelCase, InferredOptionTypes, Options } from 'yargs'
import { problem } from '../../core/problems.ts'
import { defaultMess, type MessRates, messUp, noMess } from '../../ingest/producer/mess.ts'
import type { Message } from '../../ingest/producer/message.ts'
import type { ProduceReport } from '../../ingest/producer/produce.ts'
import type { SimulationOptions } from '../../ingest/producer/simulate.ts'
import type { MessageSink } from '../../ingest/producer/sink.ts'
import { defineCommand } from '../command.ts'
import { type Context, openContext } from '../context.ts'
import { withInterrupt } from '../interrupt.ts'
import { formatOption, type GlobalArguments } from '../options.ts'
import { outputFormat, printRows } from '../output.ts'
import { openTarget } from './topics.ts'

const number = (describe: string) => ({ type: 'number', describe, requiresArg: true }) as const
const text = (describe: string) => ({ type: 'string', describe, requiresArg: true }) as const

const options = {
  events: number('How many events are simulated (default 200000)'),
  users: {
    ...number('Users, ids 1…n; seeds/registered_users.csv names the first 2,000'),
    default: 2_000,
  },
  seed: { ...number('The same seed, users, events, days and end give the same bytes'), default: 1 },
  end: text('Instant of the last event, ISO 8601 (default: now)'),
  days: { ...number('Days of activity before --end'), default: 60 },
  rate: { ...number('Messages per second; 0 is as fast as possible'), default: 0 },
  continuous: {
    type: 'boolean',
    default: false,
    describe: 'Go on until Ctrl-C, with events of this moment (--rate, default 100)',
  },
  topic: text('Topic (default: setting kafka.topic)'),
  file: text('Send the lines of this NDJSON file instead, each as it stands'),
  out: text('Write NDJSON to this file instead of Kafka'),
  mess: {
    type: 'boolean',
    default: false,
    describe: 'Every kind of mess below, at its usual rate',
  },
  late: number('Fraction sent hours to two days after they happened'),
  'out-of-order': number('Fraction sent seconds to minutes after they happened'),
  duplicate: number('Fraction sent twice'),
  malformed: number('Fraction that is no event: broken JSON, wrong types, missing fields, …'),
  oversized: number('Fraction longer than landing.max_record_bytes'),
  'unknown-field': number('Fraction with fields the contract does not know'),
  format: formatOption,
} as const satisfies Record<string, Options>

type Arguments = ArgumentsCamelCase<InferredOptionTypes<typeof options>> & GlobalArguments

export const produceCommand = defineCommand({
  command: 'produce',
  describe: 'Send simulated user activity to Kafka',
  builder: (yargs) =>
    yargs
      .options(options)
      .example('$0 produce --events 200000 --mess', 'every kind of bad message among them')
      .example('$0 produce --continuous --rate 500', 'live, until Ctrl-C'),
  handler: async (args) => {
    const context = openContext(args)
    const rate = args.continuous ? 0 : atLeastZero('rate', args.rate)
    const messages = await openMessages(args, context)
    const { produce } = await import('../../ingest/producer/produce.ts')
    const report = await withInterrupt(async (signal) => {
      const sink = await openSink(args, context)
      const onProgress = progressPrinter()
      return await produce(messages, sink, { rate, live: args.continuous, signal, onProgress })
    })
    printReport(report, args)
    if (report.interrupted && !args.continuous) {
      throw problem('cli/interrupted', {
        what: `millrace produce, after ${report.messages} messages,`,
      })
    }
  },
})

async function openMessages(
  args: Arguments,
  { config }: Context,
): Promise<Iterable<Message> | AsyncIterable<Message>> {
  if (args.file !== undefined) {
    const { replayFile } = await import('../../ingest/producer/replay.ts')
    if (args.continuous || args.mess || args.events !== undefined) {
      throw wrong(
        '--file sends the lines as they stand; it does not go with --continuous, --mess or --events.',
      )
    }
    return replayFile(args.file)
  }
  const simulation = simulationOf(args)
  const rates = ratesOf(args)
  const { simulate } = await import('../../ingest/producer/simulate.ts')
  return messUp(simulate(simulation), {
    seed: args.seed,
    rates,
    maxRecordBytes: config.settings.landing.max_record_bytes,
    spanMs: simulation.days * 86_400_000,
  })
}

function simulationOf(args: Arguments): SimulationOptions {
  const users = whole('users', args.users, 1_000_000)
  const seed = args.seed
  if (!Number.isSafeInteger(seed)) throw wrong('--seed takes a whole number.')
  if (!(args.days > 0 && args.days <= 3_650))
    throw wrong('--days takes a number above 0, at most 3650.')
  const end = args.end === undefined ? Date.now() : Date.parse(args.end)
  if (Number.isNaN(end))
    throw wrong(`--end takes an instant like 2024-11-25T12:00:00Z, not ${args.end}.`)
  const events = args.events === undefined ? undefined : whole('events', args.events)
  if (!args.continuous) return { seed, users, events: events ?? 200_000, end, days: args.days }
  const eventsPerSecond = atLeastZero('rate', args.rate) || 100
  const live = { start: Date.now(), eventsPerSecond }
  return { seed, users, events: events ?? Number.POSITIVE_INFINITY, end, days: args.days, live }
}

function ratesOf(args: Arguments): MessRates {
  const usual = args.mess ? defaultMess : noMess
  const rates = {
    late: fraction('late', args.late ?? usual.late),
    outOfOrder: fraction('out-of-order', args.outOfOrder ?? usual.outOfOrder),
    duplicate: fraction('duplicate', args.duplicate ?? usual.duplicate),
    malformed: fraction('malformed', args.malformed ?? usual.malformed),
    oversized: fraction('oversized', args.oversized ?? usual.oversized),
    unknownField: fraction('unknown-field', args.unknownField ?? usual.unknownField),
  }
  if (Object.values(rates).reduce((sum, rate) => sum + rate, 0) > 1) {
    throw wrong('The fractions of messy messages add up to more than 1.')
  }
  return rates
}

async function openSink(args: Arguments, context: Context): Promise<MessageSink> {
  if (args.out !== undefined) {
    const { openFileSink } = await import('../../ingest/producer/file-sink.ts')
    return await openFileSink(args.out)
  }
  const { openKafkaSink } = await import('../../ingest/producer/kafka-sink.ts')
  const target = await openTarget(context)
  const topic = args.topic ?? context.config.settings.kafka.topic
  return await openKafkaSink({ target, topic, log: context.log })
}

/** One line on a terminal, four times a second; nothing in a pipe. */
function progressPrinter() {
  let printed = 0
  return ({ messages }: { readonly messages: number }, elapsedMs: number): void => {
    if (!process.stderr.isTTY || elapsedMs - printed < 250) return
    printed = elapsedMs
    const perSecond = Math.round((messages * 1_000) / Math.max(elapsedMs, 1))
    process.stderr.write(
      `\r${messages.toLocaleString('en')} messages, ${perSecond.toLocaleString('en')}/s \u001b[K`,
    )
  }
}

function printReport(report: ProduceReport, args: Arguments): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  const row = {
    messages: report.messages,
    ...report.kinds,
    // What a replayed file holds is not looked into.
    expected_dead_letters: args.file === undefined ? report.expectedDeadLetters : null,
    bytes: report.bytes,
    seconds: report.elapsedMs / 1_000,
    messages_per_second: report.messagesPerSecond,
    interrupted: report.interrupted,
  }
  if (outputFormat(args.format) !== 'table') {
    printRows([{ ...row, malformed_kinds: report.malformed }], args.format)
    return
  }
  printRows(
    Object.entries(row).map(([measure, value]) => ({ measure, value })),
    'table',
  )
}

function whole(option: string, value: number, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw wrong(`--${option} takes a whole number, 1 to ${most}.`)
}

function atLeastZero(option: string, value: number): number {
  if (value >= 0 && Number.isFinite(value)) return value
  throw wrong(`--${option} takes a number, 0 or more.`)
}

function fraction(option: string, value: number): number {
  if (value >= 0 && value <= 1) return value
  throw wrong(`--${option} takes a fraction, 0 to 1.`)
}

function wrong(reason: string): Error {
  return problem('cli/bad-arguments', { reason, command: 'millrace produce' })
}
