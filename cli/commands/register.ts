/** `millrace register`: landed files into the lake, once or as a process. */
import type { ObjectStore } from '../../core/clients/s3.ts'
import { userActivitySchema } from '../../core/contracts/user-activity.ts'
import { problem } from '../../core/problems.ts'
import type { RegisterReport, RegistrarDeps } from '../../ingest/registrar/register.ts'
import { defineCommand } from '../command.ts'
import { openConfiguredLake, openContext, openStore } from '../context.ts'
import { withInterrupt } from '../interrupt.ts'
import { formatOption } from '../options.ts'
import { printRows } from '../output.ts'

const columns = ['topic', 'entries', 'records', 'dead_letters', 'gaps', 'seconds']

export const registerCommand = defineCommand({
  command: 'register [topic..]',
  describe: 'Take landed files into the lake, as raw.<topic> and ops.dead_letters',
  builder: (yargs) =>
    yargs
      .positional('topic', {
        type: 'string',
        array: true,
        describe: 'Topics (default: every one that was landed)',
      })
      .option('loop', { type: 'boolean', default: false, describe: 'Go on until Ctrl-C' })
      .option('interval', {
        type: 'number',
        describe: 'Milliseconds between rounds (default: registrar.interval_ms)',
        requiresArg: true,
      })
      .option('expire-days', {
        type: 'number',
        describe: 'Then delete landing files that were registered and landed so many days ago',
        requiresArg: true,
      })
      .option('format', formatOption)
      .example('$0 register', 'whatever is new')
      .example('$0 register --loop --interval 2000', 'as a process, every two seconds'),
  handler: async (args) => {
    const { config, log } = openContext(args)
    const { registrar } = config.settings
    const intervalMs = args.interval ?? registrar.interval_ms
    if (!(intervalMs >= 0)) {
      const reason = '--interval takes milliseconds, 0 or more.'
      throw problem('cli/bad-arguments', { reason, command: 'millrace register' })
    }
    if (args.expireDays !== undefined && (args.loop || !(args.expireDays >= 0))) {
      const reason = '--expire-days takes a number of days, 0 or more, and no --loop.'
      throw problem('cli/bad-arguments', { reason, command: 'millrace register' })
    }
    const topics = args.topic === undefined || args.topic.length === 0 ? undefined : args.topic
    const store = await openStore(config)
    try {
      await using lake = await openConfiguredLake(config)
      const deps: RegistrarDeps = { lake, store, schemaOf: () => userActivitySchema }
      const options = { topics, maxRecords: registrar.max_records }
      await withInterrupt(async (signal) => {
        if (!args.loop) {
          await assertLanded(store, topics ?? [])
          const { registerAll } = await import('../../ingest/registrar/register.ts')
          printReport(await registerAll(deps, { ...options, signal }), args.format)
          if (args.expireDays !== undefined) await expire(deps, args.expireDays, topics)
          return
        }
        const { registerLoop } = await import('../../ingest/registrar/loop.ts')
        const onRound = (report: RegisterReport) => {
          if (report.topics.length > 0) printReport(report, args.format)
        }
        await registerLoop({ ...deps, log }, { ...options, intervalMs, signal, onRound })
      })
    } finally {
      store.close()
    }
  },
})

/** A topic that was named must be there; one that `--loop` waits for may come later. */
async function assertLanded(store: ObjectStore, topics: readonly string[]): Promise<void> {
  const { listEpochs } = await import('../../ingest/ledger/discover.ts')
  for (const topic of topics) {
    if ((await listEpochs(store, topic)).length > 0) continue
    throw problem('landing/no-ledger', { topic, bucket: store.bucket })
  }
}

/** Says on stderr what was deleted: stdout holds what was registered. */
async function expire(
  deps: RegistrarDeps,
  days: number,
  topics: readonly string[] | undefined,
): Promise<void> {
  const { expireLandingFiles } = await import('../../ingest/registrar/expire.ts')
  const olderThan = new Date(Date.now() - days * 86_400_000)
  const { files, bytes } = await expireLandingFiles(deps, olderThan, { topics })
  process.stderr.write(`deleted ${files} landing files, ${bytes} bytes\n`)
}

function printReport({ topics }: RegisterReport, format: string | undefined): void {
  const rows = topics.map(({ topic, entries, records, deadLetters, gaps, elapsedMs }) => ({
    topic,
    entries,
    records,
    dead_letters: deadLetters,
    gaps,
    seconds: elapsedMs / 1_000,
  }))
  printRows(rows, format, columns)
  if (rows.length === 0 && process.stderr.isTTY) process.stderr.write('nothing new\n')
}
