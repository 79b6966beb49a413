/** `millrace up`: the local services. */
import { problem } from '../../core/problems.ts'
import type { Instance, StartEvent } from '../../local/instance.ts'
import { defineCommand } from '../command.ts'
import { openContext } from '../context.ts'
import { withInterrupt } from '../interrupt.ts'
import { startLocalServices } from '../local-services.ts'
import { formatOption } from '../options.ts'
import { printRows } from '../output.ts'
import { openProgress, type Progress } from '../progress.ts'

export const upCommand = defineCommand({
  command: 'up',
  describe: 'Start Kafka, S3, PostgreSQL and a stand-in for SageMaker on this machine',
  builder: (yargs) =>
    yargs
      .option('format', formatOption)
      .example('$0 up && $0 status', 'start what is not running yet, then look at it')
      .example('MILLRACE_LOCAL_KAFKA_PORT=9092 $0 up', 'on a port of your choice'),
  handler: async (args) => {
    const { config } = openContext(args)
    const view = openView(openProgress(process.stderr))
    const instance = await withInterrupt(async (signal) => {
      signal.addEventListener('abort', view.close)
      try {
        return await startLocalServices(config, { onEvent: view.show, signal })
      } catch (error) {
        if (!signal.aborted) throw error
        throw problem('cli/interrupted', { what: '`millrace up`' }, { cause: error })
      } finally {
        view.close()
      }
    })
    printRows(addressesOf(instance), args.format)
    return 0
  },
})

/** Events as lines; on a terminal also a line of what is still missing, which goes on moving. */
function openView(progress: Progress) {
  const open = new Set<string>()
  const startedAt = Date.now()
  const timer = setInterval(() => {
    if (open.size === 0) return
    const seconds = Math.round((Date.now() - startedAt) / 1000)
    progress.update(`waiting for ${[...open].join(', ')} … ${seconds} s`)
  }, 200)
  return {
    show(event: StartEvent): void {
      if (event.kind === 'starting') open.add(event.service)
      if (event.kind === 'ready') open.delete(event.service)
      progress.line(lineOf(event))
    },
    close(): void {
      clearInterval(timer)
      progress.clear()
    },
  }
}

function lineOf(event: StartEvent): string {
  switch (event.kind) {
    case 'port-changed':
      return `${event.port}: port ${event.wanted} is in use by another program, taking ${event.taken}`
    case 'already-running':
      return `${event.service}: already running at ${event.address}`
    case 'starting':
      return `${event.service}: starting`
    case 'ready':
      return `${event.service}: ready at ${event.address} after ${(event.elapsedMs / 1000).toFixed(1)} s`
    default:
      return event satisfies never
  }
}

function addressesOf({ settings }: Pick<Instance, 'settings'>) {
  const { kafka, s3, postgres, sagemaker } = settings
  const rows = [
    { service: 'kafka', address: kafka?.brokers.join(',') },
    { service: 's3', address: s3 && `${s3.endpoint}/${s3.bucket}` },
    { service: 'postgres', address: postgres && withoutPassword(postgres.url) },
    { service: 'sagemaker', address: sagemaker?.endpoint },
  ]
  return rows.filter(({ address }) => address !== undefined)
}

function withoutPassword(url: string): string {
  const shown = new URL(url)
  shown.password = ''
  return shown.href
}
