/** `millrace ml register`: a trained model becomes a version, approved or rejected by the gate. */
import { defineCommand } from '../command.ts'
import { openContext } from '../context.ts'
import { formatOption } from '../options.ts'
import { printRows } from '../output.ts'
import { withSageMaker } from './clients.ts'
import { withObjects } from './objects.ts'
import { trainedJobOption } from './options.ts'

export const mlRegisterCommand = defineCommand({
  command: 'register [job]',
  describe: 'Register a trained model; the gate approves it only when it beats the champion',
  builder: (yargs) =>
    yargs
      .positional('job', trainedJobOption)
      .option('format', formatOption)
      .example('$0 ml register', 'the newest model; exit code 1 when the gate rejects it'),
  handler: async (args) => {
    const { config } = openContext(args)
    const { fetchTrained } = await import('./judge-training.ts')
    const { registerOnce } = await import('./register-once.ts')
    return await withSageMaker(config, (clients) =>
      withObjects(config, async (objects) => {
        const fetched = await fetchTrained(config, clients, objects, args.job)
        const { version, isNew } = await registerOnce(config, clients, objects, fetched)
        if (!isNew) {
          process.stderr.write(`${fetched.name} is version ${version.version} already\n`)
        }
        printRows(
          [
            {
              version: version.version,
              approval: version.approval,
              reason: version.reason,
              training_job: fetched.name,
              model_version: version.metadata['model_version'],
            },
          ],
          args.format,
        )
        return version.approval === 'Rejected' ? 1 : 0
      }),
    )
  },
})
