/** `millrace demo`: the whole chain on real parts, with every count checked. */

import type { ServeOptions } from '../../api/serve/options.ts'
import type { ServedApi } from '../../api/serve-api.ts'
import type { Layer } from '../../core/config/setting-paths.ts'
import type { Config } from '../../core/config.ts'
import { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { isPortFree } from '../../local/ports.ts'
import { defineCommand } from '../command.ts'
import {
  type Context,
  openConfiguredLake,
  openContext,
  openStore,
  postgresUrlOf,
} from '../context.ts'
import { type Equation, toEquations } from '../demo/equations.ts'
import { type Hop, toRow } from '../demo/hop.ts'
import {
  askPrediction,
  hasUnlanded,
  measureActiveUsers,
  measureScores,
  measureTotals,
  type Places,
} from '../demo/measure.ts'
import { StepFailed } from '../demo/run-command.ts'
import { runDemo } from '../demo/run-demo.ts'
import { withInterrupt } from '../interrupt.ts'
import { startLocalServices } from '../local-services.ts'
import { formatOption, type GlobalArguments } from '../options.ts'
import { outputFormat, printRows } from '../output.ts'
import { openProgress, type Progress } from '../progress.ts'
import { predictorsOf } from '../serve/predictors.ts'
import { openTarget } from './topics.ts'

export const demoCommand = defineCommand({
  command: 'demo',
  describe: 'Send events through the whole chain, check every count, and serve the API',
  builder: (yargs) =>
    yargs
      .option('events', {
        type: 'number',
        default: 200_000,
        describe: 'How many events are simulated, bad ones among them',
        requiresArg: true,
      })
      .option('seed', {
        type: 'number',
        describe: 'Seed of the simulation (default: a new one for each run on this topic)',
        requiresArg: true,
      })
      .option('port', {
        type: 'number',
        describe: 'Port of the API (default: api.port)',
        requiresArg: true,
      })
      .option('model', {
        type: 'boolean',
        default: true,
        describe: 'Train, deploy and ask a model too; not with --no-model',
      })
      .option('exit', {
        type: 'boolean',
        default: false,
        describe: 'End after the checks instead of serving',
      })
      .option('format', formatOption)
      .example('$0 demo', '200,000 events; then the API stays up')
      .example('$0 demo --events 20000 --no-model --exit', 'quick, and done'),
  handler: (args) => withInterrupt((signal) => demo(args, signal)),
})

type DemoArguments = GlobalArguments & {
  readonly events: number
  readonly seed: number | undefined
  readonly port: number | undefined
  readonly model: boolean
  readonly exit: boolean
  readonly format: string | undefined
}

async function demo(args: DemoArguments, signal: AbortSignal): Promise<number> {
  if (!Number.isSafeInteger(args.events) || args.events < 1) {
    const reason = '--events takes a whole number above 0.'
    throw problem('cli/bad-arguments', { reason, command: 'millrace demo' })
  }
  const progress = openProgress(process.stderr)
  await refuseTakenPort(args)
  const upMs = await up(args, progress, signal)
  // Read again: the services have written down where they are.
  const quiet = { ...args, logLevel: args.logLevel ?? 'warn' }
  const context = openContext(quiet, apiFlags(args))
  try {
    const withModel = args.model && (await canTrain(context.config, progress))
    const { hops, run, scored } = await runDemo({
      config: context.config,
      globalArguments: globalArgumentsOf(quiet),
      events: args.events,
      seed: args.seed ?? (await nextSeed(context)),
      hasUnlanded: () => unlandedBefore(context),
      withModel,
      progress,
      signal,
    })
    return await checkAndServe(args, context, progress, signal, async (places) => {
      const started = performance.now()
      const activeUsers = await measureActiveUsers(places)
      const askMs = performance.now() - started
      const total = await measureTotals(places)
      const { table } = context.config.settings.api.predictions
      const { asked, scores } =
        scored === undefined
          ? { asked: [], scores: {} }
          : await askModel(places, table, scored, progress)
      const all: Hop[] = [
        {
          hop: 'up: Kafka, S3, PostgreSQL',
          rowsIn: undefined,
          rowsOut: undefined,
          elapsedMs: upMs,
        },
        ...hops,
        { hop: 'PostgreSQL → API (ask)', rowsIn: undefined, rowsOut: 1, elapsedMs: askMs },
        ...asked,
      ]
      return report(all, toEquations({ run, total, activeUsers, ...scores }), args.format)
    })
  } catch (error) {
    if (error instanceof StepFailed) return error.exitCode
    throw error
  }
}

/** Whether there is something to train with; a line says why not. */
async function canTrain({ cacheDir, settings }: Config, progress: Progress): Promise<boolean> {
  const { mlImage } = await import('../../local/setup/ml-image.ts')
  const context = { cacheDir, signal: new AbortController().signal, say: () => {} }
  const isPresent = await mlImage.isPresent(context)
  if (settings.sagemaker.endpoint !== undefined && isPresent) return true
  progress.line(
    '\nWithout a model: `millrace setup` brings what trains it, `millrace up` the stand-in.',
  )
  return false
}

/** One prediction by the API, and how many there are. */
async function askModel(places: Places, table: string, byCommand: number, progress: Progress) {
  const started = performance.now()
  const answer = await askPrediction(places, table)
  const elapsedMs = performance.now() - started
  const { userId, score, source, model_version: version, reasons } = answer
  const strongest = reasons.slice(0, 3).map(({ feature, value }) => `${feature} ${value ?? '?'}`)
  progress.line(`  GET /api/predictions?user_id=${userId}`)
  progress.line(`  ${(100 * score).toFixed(1)} %, by the ${source}, version ${version}`)
  if (strongest.length > 0) progress.line(`  because of ${strongest.join(', ')}`)
  const hop = { hop: 'model → API (ask)', rowsIn: undefined, rowsOut: 1, elapsedMs }
  const scored = { byCommand, ...(await measureScores(places, table)) }
  return { asked: [hop], scores: { scored } }
}

function apiFlags({ port }: DemoArguments): Layer {
  return port === undefined ? {} : { api: { port } }
}

/** Somebody chose the port of the API: then it is used or refused, never replaced. */
function isPortChosen({ origins, settings }: Config): boolean {
  return origins['api.port'] !== 'default' && settings.api.port !== 0
}

/** Now, and not after all events have been through the chain. */
async function refuseTakenPort(args: DemoArguments): Promise<void> {
  const { config } = openContext(args, apiFlags(args))
  const { host, port } = config.settings.api
  if (isPortChosen(config) && !(await isPortFree(port))) {
    throw problem('api/port-taken', { host, port })
  }
}

async function up(args: GlobalArguments, progress: Progress, signal: AbortSignal): Promise<number> {
  const { config } = openContext(args)
  if (config.settings.services === 'external') return 0
  progress.line('$ millrace up')
  const started = performance.now()
  await startLocalServices(config, {
    signal,
    onEvent: (event) => {
      switch (event.kind) {
        case 'starting':
          return progress.update(`  starting ${event.service}`)
        case 'ready':
          return progress.line(
            `  ${event.service} ready at ${event.address} in ${(event.elapsedMs / 1_000).toFixed(1)} s`,
          )
        case 'already-running':
          return progress.line(`  ${event.service} is running at ${event.address}`)
        case 'port-changed':
          return progress.line(`  port ${event.wanted} is taken; ${event.port} uses ${event.taken}`)
        default:
          return event satisfies never
      }
    },
  })
  return performance.now() - started
}

/** Another seed for each run, so that a second demo brings new events and not duplicates of the first. */
async function nextSeed(context: Context): Promise<number> {
  const { listTopics } = await import('../../ingest/topics/topics.ts')
  const topics = await listTopics(await openTarget(context))
  const found = topics.find(({ topic }) => topic === context.config.settings.kafka.topic)
  return 1 + Number(found?.records ?? 0)
}

async function unlandedBefore(context: Context): Promise<boolean> {
  const store = await openStore(context.config)
  try {
    const { topic } = context.config.settings.kafka
    return await hasUnlanded({ kafka: await openTarget(context), topic, store })
  } finally {
    store.close()
  }
}

async function checkAndServe(
  args: DemoArguments,
  { config, log }: Context,
  progress: Progress,
  signal: AbortSignal,
  check: (places: Places) => Promise<number>,
): Promise<number> {
  const [{ serveApi }, { openPostgres }] = await Promise.all([
    import('../../api/serve-api.ts'),
    import('../../core/clients/postgres.ts'),
  ])
  const stop = new AbortController()
  const postgresUrl = await postgresUrlOf(config)
  const { api, postgres } = config.settings
  const serveOptions = {
    ...api,
    settings: api,
    postgresUrl,
    schema: postgres.schema,
    projectDir: config.projectDir,
    openPredictors: await predictorsOf(config, log),
    log,
  }
  progress.line('\n$ millrace serve')
  const ended = AbortSignal.any([signal, stop.signal])
  const serve = (changes: Partial<ServeOptions>) => serveApi({ ...serveOptions, ...changes }, ended)
  const served = await serve({}).catch(async (error: unknown) => {
    const taken = error instanceof MillraceError && error.code === 'api/port-taken'
    if (!taken || isPortChosen(config)) throw error
    const other = await serve({ port: 0 })
    progress.line(`  port ${api.port} is taken; the API uses ${other.port}`)
    return other
  })
  const store = await openStore(config)
  const pool = openPostgres({ url: postgresUrl, maxConnections: 2 })
  try {
    const lake = await openConfiguredLake(config, { readOnly: true })
    const kafka = await openTarget({ config, log })
    const topic = config.settings.kafka.topic
    const exitCode = await check({
      kafka,
      topic,
      store,
      lake,
      postgres: pool,
      schema: postgres.schema,
      apiUrl: served.url,
    })
    lake.close()
    if (args.exit || exitCode !== 0) return exitCode
    printNext(config, served)
    await served.finished
    return exitCode
  } finally {
    store.close()
    await pool.end()
    stop.abort(new Error('the demo is over'))
    await served.finished
  }
}

function report(
  hops: readonly Hop[],
  equations: readonly Equation[],
  format: string | undefined,
): number {
  const forPeople = outputFormat(format) === 'table'
  if (forPeople) process.stderr.write('\n')
  printRows(hops.map(toRow), format)
  if (forPeople) process.stdout.write('\n')
  const rows = equations.map(({ statement, values, holds }) => ({
    equation: statement,
    values: values.join(' = '),
    holds: holds ? 'yes' : 'NO',
  }))
  printRows(rows, format)
  const broken = equations.filter(({ holds }) => !holds).length
  if (broken === 0) return 0
  process.stderr.write(`${broken} of ${equations.length} equations do not hold: see NO above\n`)
  return 1
}

function printNext(config: Config, { url }: ServedApi): void {
  process.stderr.write(`
Serving ${url} (Ctrl-C stops it; \`./millrace down\` stops the services of ${config.projectDir}). Try:

  ./millrace sql "select action, count(*) from marts.user_activity group by all order by 2 desc"
  ./millrace build --select +monthly_user_activity
  curl -s '${url}/api/active-users?days=30'
`)
}

function globalArgumentsOf({ projectDir, target, logLevel }: GlobalArguments): string[] {
  return [
    ...['--project-dir', projectDir],
    ...(target === undefined ? [] : ['--target', target]),
    ...(logLevel === undefined ? [] : ['--log-level', logLevel]),
  ]
}
