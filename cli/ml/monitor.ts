/** `millrace ml monitor`: does the deployed model still see what it was trained on, and is it still right? */
import { randomUUID } from 'node:crypto'
import type { Lake } from '../../core/clients/lake.ts'
import { problem } from '../../core/problems.ts'
import type { Check } from '../../ml/monitor/judge.ts'
import type { LoadedModel } from '../../ml/predict/load-model.ts'
import { defineCommand } from '../command.ts'
import { openConfiguredLake, openContext } from '../context.ts'
import { printRows } from '../output.ts'
import { loadDeployed } from './champion.ts'

const defaultMaxAgeHours = 48

export const mlMonitorCommand = defineCommand({
  command: 'monitor',
  describe: 'Watch features, scores and labels of the deployed model; exit code 1 for an alarm',
  builder: (yargs) =>
    yargs
      .option('strict', {
        type: 'boolean',
        default: false,
        describe: 'Exit code 1 for a warning too; without it 0, so that 1 is an alarm',
      })
      .option('max-age-hours', {
        type: 'number',
        default: defaultMaxAgeHours,
        describe: 'Older features are a warning, twice as old ones an alarm',
        requiresArg: true,
      })
      .option('now', {
        type: 'string',
        describe: 'Judge as if it were this instant, ISO (default: now)',
        requiresArg: true,
      })
      .option('all', {
        type: 'boolean',
        default: false,
        describe: 'Print the checks that are fine too',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print all checks as JSON' })
      .example('$0 ml monitor', 'a CronJob that fails for an alarm: somebody has to look')
      .example('$0 ml monitor --strict', 'one that fails for a warning too'),
  handler: async (args) => {
    const { config } = openContext(args)
    const now = instantOf(args.now)
    if (!(args.maxAgeHours > 0)) throw refused(`--max-age-hours ${args.maxAgeHours} is no time`)
    const loaded = await loadDeployed(config)
    await using lake = await openConfiguredLake(config)
    const checks = await check(lake, loaded, now, args.maxAgeHours)
    await recordChecks(lake, loaded, checks)
    if (args.json) printRows(checks.map(rowOf), 'json')
    else printPeople(loaded, checks, args.all)
    const { worstOf } = await import('../../ml/monitor/judge.ts')
    const worst = worstOf(checks)
    return worst === 'alarm' || (args.strict && worst === 'warn') ? 1 : 0
  },
})

function instantOf(text: string | undefined): number {
  const now = text === undefined ? Date.now() : Date.parse(text)
  if (!Number.isNaN(now)) return now
  throw refused(`--now ${text} is no instant; write it as 2026-11-23T00:00:00Z`)
}

function refused(reason: string) {
  return problem('cli/bad-arguments', { reason, command: 'millrace ml monitor' })
}

async function check(
  lake: Lake,
  loaded: LoadedModel,
  now: number,
  maxAgeHours: number,
): Promise<readonly Check[]> {
  const { readReference, readTestAuc } = await import('../../ml/monitor/reference.ts')
  const { measure } = await import('../../ml/monitor/measure.ts')
  const { judge } = await import('../../ml/monitor/judge.ts')
  const reference = readReference(loaded)
  const { features } = loaded.model
  const testAuc = readTestAuc(loaded.metricsJson)
  const measured = await measure(lake, loaded.model, reference, now)
  return judge(measured, { features, reference, testAuc, now, maxAgeHours })
}

async function recordChecks(
  lake: Lake,
  { model }: LoadedModel,
  checks: readonly Check[],
): Promise<void> {
  const { record } = await import('../../ml/records/record.ts')
  const base = {
    run_id: randomUUID(),
    model_name: model.name,
    model_version: model.version,
    checked_at: new Date().toISOString(),
  }
  const rows = checks.map(({ check, subject, value, warnAt, alarmAt, severity, message }) => ({
    ...base,
    check_name: check,
    subject,
    value,
    warn_at: warnAt,
    alarm_at: alarmAt,
    severity,
    message,
  }))
  await record(lake, 'ml_monitor_runs', rows)
}

function rowOf({ check, subject, value, warnAt, alarmAt, severity, message }: Check) {
  return { check, subject, severity, value, warn_at: warnAt, alarm_at: alarmAt, message }
}

const worstFirst = ['alarm', 'warn', 'unknown', 'fine'] as const

/** The worst first; of those that are fine only what concerns the model as a whole, unless all are asked for. */
function printPeople({ model }: LoadedModel, checks: readonly Check[], all: boolean): void {
  const isShown = ({ check, severity }: Check) =>
    all || severity === 'alarm' || severity === 'warn' || (check !== 'psi' && check !== 'nulls')
  const shown = worstFirst.flatMap((severity) =>
    checks.filter((one) => one.severity === severity && isShown(one)),
  )
  const count = (severity: Check['severity']) =>
    checks.filter((one) => one.severity === severity).length
  printRows(
    shown.map(({ value, ...one }) => ({ ...rowOf(one), value: value && Number(value.toFixed(4)) })),
    undefined,
  )
  const counts = worstFirst.map((severity) => `${count(severity)} ${severity}`).join(', ')
  process.stderr.write(`${model.name} ${model.version}: ${checks.length} checks: ${counts}\n`)
}
