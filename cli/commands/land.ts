/** `millrace land`: Kafka to Parquet on S3, exactly once. */
import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { ArgumentsCamelCase, InferredOptionTypes, Options } from 'yargs'
import { systemClock } from '../../core/clock.ts'
import { userActivitySchema } from '../../core/contracts/user-activity.ts'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type {
  LandingOptions,
  LandingProgress,
  LandingReport,
} from '../../ingest/landing/options.ts'
import { defineCommand } from '../command.ts'
import { type Context, kafkaOptionsOf, openContext, openEngine, openStore } from '../context.ts'
import { withInterrupt } from '../interrupt.ts'
import { formatOption, type GlobalArguments } from '../options.ts'
import { outputFormat, printRows } from '../output.ts'

const options = {
  topic: { type: 'string', describe: 'Topic (default: setting kafka.topic)', requiresArg: true },
  'until-caught-up': {
    type: 'boolean',
    default: false,
    describe: 'Stop when everything that stood in the topic at the start is landed',
  },
  'exit-when-idle-ms': {
    type: 'number',
    describe: 'Stop when nothing has come for so many milliseconds and all is landed',
    requiresArg: true,
  },
  format: formatOption,
} as const satisfies Record<string, Options>

type Arguments = ArgumentsCamelCase<InferredOptionTypes<typeof options>> & GlobalArguments

export const landCommand = defineCommand({
  command: 'land',
  describe: 'Land a Kafka topic as Parquet on S3, each record exactly once',
  builder: (yargs) =>
    yargs
      .options(options)
      .example('$0 land', 'until Ctrl-C; what is buffered is flushed first')
      .example('$0 land --until-caught-up', 'land what is there, then exit'),
  handler: async (args) => {
    const context = openContext(args)
    const report = await withInterrupt((signal) => land(args, context, signal))
    printReport(report, args)
  },
})

async function land(
  args: Arguments,
  context: Context,
  signal: AbortSignal,
): Promise<LandingReport> {
  const { config, log } = context
  const landingOptions = await optionsOf(args, context)
  await makeTempDirectory(landingOptions.tempDirectory)
  const [{ runLanding }, { makeNonce }] = await Promise.all([
    import('../../ingest/landing/land.ts'),
    import('../../ingest/landing/nonce.ts'),
  ])
  const store = await openStore(config)
  await using duckdb = await openEngine(config)
  try {
    const onProgress = progressPrinter()
    const dependencies = {
      store,
      duckdb,
      log,
      clock: systemClock,
      makeNonce: () => makeNonce(systemClock.now(), randomUUID().replaceAll('-', '')),
      onProgress,
    }
    return await runLanding(landingOptions, dependencies, signal)
  } finally {
    store.close()
  }
}

async function makeTempDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true }).catch((cause: unknown) => {
    throw problem('landing/temp-unusable', { directory, reason: messageOf(cause) }, { cause })
  })
}

async function optionsOf(args: Arguments, { config }: Context): Promise<LandingOptions> {
  const { landing, kafka, duckdb, state_dir } = config.settings
  const idle = args.exitWhenIdleMs
  if (idle !== undefined && !(Number.isFinite(idle) && idle > 0)) {
    const reason = '--exit-when-idle-ms takes a number above 0.'
    throw problem('cli/bad-arguments', { reason, command: 'millrace land' })
  }
  return {
    kafka: await kafkaOptionsOf(config),
    topic: args.topic ?? kafka.topic,
    groupId: landing.group_id,
    schema: userActivitySchema,
    rotateBytes: landing.rotate_bytes,
    rotateRecords: landing.rotate_records,
    rotateMs: landing.rotate_ms,
    memoryBytes: landing.memory_bytes,
    maxRecordBytes: landing.max_record_bytes,
    onGap: landing.on_gap,
    start: landing.start,
    tempDirectory: resolve(config.projectDir, duckdb.temp_directory ?? `${state_dir}/tmp`),
    writerId: `${hostname()}-${process.pid}`,
    untilCaughtUp: args.untilCaughtUp,
    ...(idle === undefined ? {} : { exitWhenIdleMs: idle }),
  }
}

/** One line on a terminal, once a second; nothing in a pipe. */
function progressPrinter() {
  return (progress: LandingProgress): void => {
    if (!process.stderr.isTTY) return
    const { recordsPerSecond, lagRecords, files } = progress
    const landed = progress.records + progress.deadLetters
    const figures = [
      `${landed.toLocaleString('en')} landed`,
      `${Math.round(recordsPerSecond).toLocaleString('en')}/s`,
      `lag ${lagRecords.toLocaleString('en')}`,
      `${files.toLocaleString('en')} files`,
    ]
    process.stderr.write(`\r${figures.join(', ')} \u001b[K`)
  }
}

function printReport(report: LandingReport, args: Arguments): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  const seconds = report.elapsedMs / 1_000
  const row = {
    records: report.records,
    dead_letters: report.deadLetters,
    skipped: report.skipped,
    files: report.files,
    bytes: report.bytes,
    entries: report.entries,
    seconds,
    records_per_second: Math.round(
      (report.records + report.deadLetters) / Math.max(seconds, 0.001),
    ),
    unflushed: report.unflushed,
    stopped_by: report.reason,
  }
  if (outputFormat(args.format) !== 'table') {
    printRows([row], args.format)
    return
  }
  printRows(
    Object.entries(row).map(([measure, value]) => ({ measure, value })),
    'table',
  )
}
