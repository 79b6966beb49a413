/** `millrace audit`: proves from the bucket alone that each offset landed once. */
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ArgumentsCamelCase, InferredOptionTypes, Options } from 'yargs'
import type { ObjectStore } from '../../core/clients/s3.ts'
import { systemClock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { AuditReport } from '../../ingest/audit/audit.ts'
import { deleteOrphans, leastAgeMs } from '../../ingest/audit/janitor.ts'
import { defineCommand } from '../command.ts'
import { type Context, openContext, openEngine, openStore } from '../context.ts'
import { formatOption, type GlobalArguments } from '../options.ts'
import { printRows } from '../output.ts'

const options = {
  deep: {
    type: 'boolean',
    default: false,
    describe: 'Read every file too: SHA-256, rows and offsets',
  },
  'delete-orphans': {
    type: 'boolean',
    default: false,
    describe: 'Delete data files that no entry names (left by writers that died)',
  },
  'older-than': {
    type: 'string',
    default: '24h',
    describe: 'How old an orphan must be: 30m, 24h, 7d',
    requiresArg: true,
  },
  format: formatOption,
} as const satisfies Record<string, Options>

type Arguments = ArgumentsCamelCase<InferredOptionTypes<typeof options>> &
  GlobalArguments & { readonly topic: string | undefined }

export const auditCommand = defineCommand({
  command: 'audit [topic]',
  describe: 'Prove from the bucket alone that every offset landed once',
  builder: (yargs) =>
    yargs
      .positional('topic', { type: 'string', describe: 'Topic (default: setting kafka.topic)' })
      .options(options)
      .example('$0 audit user_activity_logs --deep', 'chain, files, hashes, offsets')
      .example('$0 audit --delete-orphans --older-than 7d', 'and clean up'),
  handler: async (args) => {
    const context = openContext(args)
    const olderThanMs = durationMs(args.olderThan)
    if (args.deleteOrphans) assertOldEnough(args.olderThan, olderThanMs)
    const store = await openStore(context.config)
    try {
      return await run(args, context, store, olderThanMs)
    } finally {
      store.close()
    }
  },
})

async function run(
  args: Arguments,
  context: Context,
  store: ObjectStore,
  olderThanMs: number,
): Promise<number> {
  const topic = args.topic ?? context.config.settings.kafka.topic
  const report = await audit(topic, args.deep, context, store)
  if (report.partitions.length === 0 && report.violations.length === 0) {
    throw problem('landing/no-ledger', { topic, bucket: store.bucket })
  }
  print(report, args)
  if (args.deleteOrphans && report.violations.length === 0) {
    const deleted = await deleteOrphans(store, report.orphans, systemClock.now(), olderThanMs)
    process.stderr.write(`${deleted.length} orphans deleted\n`)
  }
  if (report.violations.length > 0) {
    throw problem('landing/does-not-hold', { topic, violations: report.violations.length })
  }
  return 0
}

async function audit(
  topic: string,
  deep: boolean,
  { config }: Context,
  store: ObjectStore,
): Promise<AuditReport> {
  const { auditTopic } = await import('../../ingest/audit/audit.ts')
  if (!deep) return await auditTopic(store, { topic })
  const { openDeepCheck } = await import('../../ingest/audit/deep-check.ts')
  const { duckdb: settings, state_dir } = config.settings
  const directory = resolve(config.projectDir, settings.temp_directory ?? `${state_dir}/tmp`)
  await mkdir(directory, { recursive: true }).catch((cause: unknown) => {
    throw problem('landing/temp-unusable', { directory, reason: messageOf(cause) }, { cause })
  })
  await using duckdb = await openEngine(config)
  return await auditTopic(store, { topic, deepCheck: openDeepCheck(store, duckdb, directory) })
}

function print({ partitions, violations, orphans }: AuditReport, args: Arguments): void {
  const rows = partitions.map((partition) => ({
    epoch: partition.epoch,
    partition: partition.partition,
    begin: partition.begin,
    head: partition.head,
    records: partition.records,
    dead_letters: partition.deadLetters,
    skipped: partition.skipped,
    gaps: partition.gaps,
    entries: partition.entries,
    files: partition.files,
    bytes: partition.bytes,
  }))
  printRows(rows, args.format)
  for (const { key, what } of violations) process.stderr.write(`violation  ${key}: ${what}\n`)
  for (const { key, bytes } of orphans) process.stderr.write(`orphan     ${key} (${bytes} bytes)\n`)
  const verdict = violations.length === 0 ? 'holds' : 'does not hold'
  const orphanText = orphans.length === 0 ? '' : `; ${orphans.length} orphan files, harmless`
  process.stderr.write(`the ledger ${verdict}${orphanText}\n`)
}

function assertOldEnough(given: string, olderThanMs: number): void {
  if (olderThanMs >= leastAgeMs) return
  const hours = leastAgeMs / 3_600_000
  const reason = `--older-than takes at least ${hours}h with --delete-orphans, not ${given}: a running \`millrace land\` may still claim younger files.`
  throw problem('cli/bad-arguments', { reason, command: 'millrace audit' })
}

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

function durationMs(text: string): number {
  const [, amount, unit] = /^(\d+)([mhd])$/.exec(text) ?? []
  const factor = units[unit ?? '']
  if (amount !== undefined && factor !== undefined) return Number(amount) * factor
  const reason = `--older-than takes a duration like 30m, 24h or 7d, not ${text}.`
  throw problem('cli/bad-arguments', { reason, command: 'millrace audit' })
}
