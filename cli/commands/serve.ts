/** `millrace serve`: the HTTP API over the published tables. */
import { defineCommand } from '../command.ts'
import { openConfiguredLake, openContext, postgresUrlOf } from '../context.ts'
import { withInterrupt } from '../interrupt.ts'
import { printError } from '../print-error.ts'

export const serveCommand = defineCommand({
  command: 'serve',
  describe: 'Serve the HTTP API: every api/endpoints/*.sql is an endpoint',
  builder: (yargs) =>
    yargs
      .option('host', {
        type: 'string',
        describe: 'Address to listen on (default: api.host)',
        requiresArg: true,
      })
      .option('port', {
        type: 'number',
        describe: 'Port to listen on, 0: a free one (default: api.port)',
        requiresArg: true,
      })
      .option('watch', {
        type: 'boolean',
        default: false,
        describe: 'Take changed endpoint files into service as they are saved',
      })
      .example('$0 serve --port 8081', "then: curl 'localhost:8081/api/active-users?days=30'"),
  handler: async (args) => {
    const flags = { host: args.host, port: args.port }
    const given = Object.fromEntries(
      Object.entries(flags).filter(([, value]) => value !== undefined),
    )
    const { config, log } = openContext(args, { api: given }, { isBuffered: true })
    const { serveApi } = await import('../../api/serve-api.ts')
    const { adHocOptionsOf } = await import('../serve/ad-hoc-options.ts')
    const { predictorsOf } = await import('../serve/predictors.ts')
    const { api, postgres } = config.settings
    const postgresUrl = await postgresUrlOf(config)
    const adHoc = await adHocOptionsOf(config, args)
    const openPredictors = await predictorsOf(config, log)
    return await withInterrupt(async (signal) => {
      const options = {
        ...api,
        settings: api,
        adHoc,
        openPredictors,
        onReload: args.watch ? reportReload : undefined,
        openLake: () => openConfiguredLake(config, { readOnly: true, mustExist: true }),
        postgresUrl,
        tracesUrl: process.env['OTEL_EXPORTER_OTLP_ENDPOINT'],
        schema: postgres.schema,
        projectDir: config.projectDir,
      }
      const { url, paths, isOpen, finished } = await serveApi({ ...options, log }, signal)
      process.stderr.write(
        `Serving ${url} (Ctrl-C stops it)\n${paths.map((path) => `  ${url}${path}\n`).join('')}`,
      )
      if (isOpen) process.stderr.write(openNote)
      await finished
      return 0
    })
  },
})

function reportReload(problems: readonly unknown[]): void {
  for (const error of problems) printError(error, false)
  const outcome = problems.length === 0 ? 'in service' : 'not in service; what was there before is'
  process.stderr.write(`Changed endpoints are ${outcome}\n`)
}

const openNote = `It is open: whoever uses this machine may call it (api.access, docs/reference/access.md).
`
