/** `millrace status`: how the local services are. */
import { instanceStatus, type ServiceStatus } from '../../local/instance.ts'
import { defineCommand } from '../command.ts'
import { openContext } from '../context.ts'
import { formatOption } from '../options.ts'
import { type OutputRow, outputFormat, printRows } from '../output.ts'

export const statusCommand = defineCommand({
  command: 'status',
  describe: 'Show the local services; exit code 3 when one does not run',
  builder: (yargs) =>
    yargs
      .option('format', formatOption)
      .example('$0 status --format json', 'for a script; in a pipe it is one JSON object a line'),
  handler: async (args) => {
    const { config } = openContext(args)
    const status =
      config.settings.services === 'containers'
        ? await (await import('../../local/containers.ts')).containerStatus(config.stateDir)
        : instanceStatus(config.stateDir)
    const forPeople = outputFormat(args.format) === 'table'
    const rows = status.services.map((service) =>
      forPeople ? personRow(service) : dataRow(service),
    )
    printRows(rows, args.format)
    if (forPeople) for (const service of status.services) printDeath(service)
    return status.allRunning ? 0 : 3
  },
})

function dataRow(status: ServiceStatus): OutputRow {
  const { service, state, reason, pid, address, uptimeSeconds, log } = status
  return { service, state, reason, pid, address, uptime_seconds: uptimeSeconds, log }
}

function personRow(status: ServiceStatus): OutputRow {
  const { service, state, pid, address, uptimeSeconds, log } = status
  return {
    service,
    state,
    pid: pid ?? '',
    address: address ?? '',
    uptime: uptimeSeconds === undefined ? '' : duration(uptimeSeconds),
    log,
  }
}

/** Why it died, below the table: too long for a column. */
function printDeath({ service, state, reason, lastLines, log }: ServiceStatus): void {
  if (state !== 'died') return
  process.stdout.write(`\n${service} died: ${reason}\n`)
  for (const line of lastLines ?? []) process.stdout.write(`  | ${line}\n`)
  process.stdout.write(`  log: ${log}; \`millrace up\` starts it again\n`)
}

/** 3723 → "1h 2m 3s". */
export function duration(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  return parts
    .slice(first === -1 ? 2 : first)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ')
}
