/** `millrace ml deploy`: an approved version onto the endpoint, taken back when it does not answer as it should. */
import { problem } from '../../core/problems.ts'
import { defineCommand } from '../command.ts'
import { openContext } from '../context.ts'
import { withInterrupt } from '../interrupt.ts'
import { formatOption } from '../options.ts'
import { printRows } from '../output.ts'
import { withObjects } from './objects.ts'
import { placesOf } from './options.ts'

export const mlDeployCommand = defineCommand({
  command: 'deploy [model-version]',
  describe: 'Put an approved version onto the endpoint; it is taken back when it fails',
  builder: (yargs) =>
    yargs
      .positional('model-version', {
        type: 'string',
        default: 'approved',
        defaultDescription: 'the newest that is approved',
        describe: 'Version of the model',
      })
      .option('format', formatOption)
      .example('$0 ml deploy', 'the newest approved version; nothing to do when it serves already'),
  handler: async (args) => {
    const { config } = openContext(args)
    const { endpoint, model } = placesOf(config)
    const { assertDeployable, deployVersion, servingOf, withDeployer } = await import(
      './deployments.ts'
    )
    servingOf(config) // what is not allowed is refused before anything is asked for
    const { findVersion } = await import('../../ml/registry/versions.ts')
    return await withDeployer(config, async (clients) => {
      const version = await findVersion(clients.control, model, args.modelVersion)
      assertDeployable(version)
      const { approval, reason, version: number } = version
      if (approval !== 'Approved') {
        throw problem('ml/not-approved', { version: number, approval, reason })
      }
      const outcome = await withInterrupt((signal) =>
        withObjects(config, (objects) => deployVersion(config, clients, objects, version, signal)),
      )
      const { model_version } = version.metadata
      printRows([{ endpoint, version: number, model_version, outcome }], args.format)
      return 0
    })
  },
})
