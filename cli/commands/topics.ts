/** `millrace topics`: make, list, describe and delete topics. */

import { problem } from '../../core/problems.ts'
import type { KafkaTarget } from '../../ingest/topics/admin.ts'
import { defineCommand } from '../command.ts'
import { type Context, kafkaOptionsOf, openContext } from '../context.ts'
import { formatOption } from '../options.ts'
import { printRows } from '../output.ts'

const actions = ['create', 'list', 'describe', 'delete'] as const

export const topicsCommand = defineCommand({
  command: 'topics <action> [name..]',
  describe: 'Make, list, describe or delete Kafka topics',
  builder: (yargs) =>
    yargs
      .positional('action', { choices: actions, demandOption: true, describe: 'What to do' })
      .positional('name', {
        type: 'string',
        array: true,
        default: [] as string[], // yargs would infer never[] from an empty list
        describe: 'Topics (default: setting kafka.topic)',
      })
      .option('partitions', {
        type: 'number',
        describe: 'create: partitions (default: kafka.partitions)',
        requiresArg: true,
      })
      .option('replication-factor', {
        type: 'number',
        describe: 'create: copies (default: kafka.replication_factor)',
        requiresArg: true,
      })
      .option('yes', {
        type: 'boolean',
        default: false,
        describe: 'delete: yes, with all their records',
      })
      .option('format', formatOption)
      .example('$0 topics create', 'the topic of the settings, if it is not there yet')
      .example('$0 topics delete old_events --yes', 'a topic and all its records'),
  handler: async (args) => {
    const context = openContext(args)
    const target = await openTarget(context)
    const { kafka } = context.config.settings
    const names = args.name.length > 0 ? args.name : [kafka.topic]
    const topics = await import('../../ingest/topics/topics.ts')
    switch (args.action) {
      case 'create': {
        const rows = []
        for (const topic of names) {
          const partitions = positive('partitions', args.partitions ?? kafka.partitions)
          const replicationFactor = positive(
            'replication-factor',
            args.replicationFactor ?? kafka.replication_factor,
          )
          const made = await topics.createTopic(target, { topic, partitions, replicationFactor })
          if (made.warning !== undefined) process.stderr.write(`warning: ${made.warning}\n`)
          const outcome = made.existed ? 'exists already' : 'created'
          rows.push({ topic, partitions: made.partitions, outcome })
        }
        printRows(rows, args.format)
        return
      }
      case 'list':
        printRows(await topics.listTopics(target), args.format, ['topic', 'partitions', 'records'])
        return
      case 'describe': {
        const rows = []
        for (const topic of names) rows.push(...(await topics.describeTopic(target, topic)))
        printRows(rows, args.format)
        return
      }
      case 'delete': {
        if (args.name.length === 0 || !args.yes) throw refuseDelete(args.name)
        for (const topic of args.name) await topics.deleteTopic(target, topic)
        printRows(
          args.name.map((topic) => ({ topic, outcome: 'deleted' })),
          args.format,
        )
        return
      }
      default:
        return args.action satisfies never
    }
  },
})

/** The Kafka client of the settings; nothing is connected yet. */
export async function openTarget({ config, log }: Context): Promise<KafkaTarget> {
  const { openKafka } = await import('../../ingest/kafka/connect.ts')
  const options = await kafkaOptionsOf(config)
  return { kafka: openKafka(options, log), brokers: options.brokers }
}

function refuseDelete(names: readonly string[]): Error {
  const reason =
    names.length === 0
      ? 'Name the topics to delete.'
      : `Deleting ${names.join(', ')} removes all records; add --yes if that is what you want.`
  return problem('cli/bad-arguments', { reason, command: 'millrace topics' })
}

function positive(option: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value
  const reason = `--${option} takes a whole number above 0.`
  throw problem('cli/bad-arguments', { reason, command: 'millrace topics' })
}
