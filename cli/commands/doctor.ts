/** `millrace doctor`: is everything in place, and what to do if not. */
import { defineCommand } from '../command.ts'
import { openContext } from '../context.ts'
import { formatOption } from '../options.ts'
import { outputFormat, printRows } from '../output.ts'

export const doctorCommand = defineCommand({
  command: 'doctor',
  describe: 'Check versions, downloads and services; exit code 2 when something is wrong',
  builder: (yargs) =>
    yargs.option('format', formatOption).example('$0 doctor', 'when something does not work'),
  handler: async (args) => {
    const { config } = openContext(args)
    const { examine } = await import('../../local/doctor.ts')
    const { setupSteps } = await import('../../local/setup/steps.ts')
    const { local } = config.settings
    const findings = await examine({
      stateDir: config.stateDir,
      cacheDir: config.cacheDir,
      ports: {
        kafka: local.kafka_port,
        kafkaController: local.kafka_controller_port,
        s3: local.s3_port,
        postgres: local.postgres_port,
        sagemaker: local.sagemaker_port,
      },
      steps: setupSteps,
      threadPoolSize: Number(process.env['UV_THREADPOOL_SIZE'] ?? 4),
      leastNode: [22, 22],
    })
    const forPeople = outputFormat(args.format) === 'table'
    const columns = forPeople
      ? ['verdict', 'check', 'found']
      : ['verdict', 'check', 'found', 'advice']
    printRows(findings, args.format, columns)
    if (forPeople) {
      // Below the table: advice is a sentence, and most rows have none.
      for (const { check, advice } of findings) {
        if (advice !== undefined) process.stdout.write(`\n${check}: ${advice}\n`)
      }
    }
    return findings.some(({ verdict }) => verdict === 'bad') ? 2 : 0
  },
})
