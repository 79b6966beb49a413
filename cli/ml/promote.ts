/** `millrace ml promote`: a person approves a version, and it is deployed. */
import { problem } from '../../core/problems.ts'
import { defineCommand } from '../command.ts'
import { openContext } from '../context.ts'
import { withInterrupt } from '../interrupt.ts'
import { formatOption } from '../options.ts'
import { printRows } from '../output.ts'
import { authorName } from '../runner/origin.ts'
import { recordRow } from './clients.ts'
import { withObjects } from './objects.ts'
import { placesOf } from './options.ts'

export const mlPromoteCommand = defineCommand({
  command: 'promote <model-version>',
  describe: 'Approve a version by hand, whatever the gate said, and deploy it',
  builder: (yargs) =>
    yargs
      .positional('model-version', {
        type: 'string',
        demandOption: true,
        describe: 'Version of the model',
      })
      .option('reason', {
        type: 'string',
        demandOption: true,
        describe: 'Why; it is kept with the version',
        requiresArg: true,
      })
      .option('deploy', {
        type: 'boolean',
        default: true,
        describe: 'Deploy it too; not with --no-deploy',
      })
      .option('format', formatOption)
      .example('$0 ml promote 4 --reason "new features, judged on last week"', 'and deploys it'),
  handler: async (args) => {
    if (args.reason.trim() === '') {
      const reason = '--reason takes a few words.'
      throw problem('cli/bad-arguments', { reason, command: 'millrace ml promote' })
    }
    const { config } = openContext(args)
    const { endpoint, model } = placesOf(config)
    const { findVersion, setApproval } = await import('../../ml/registry/versions.ts')
    const { deployVersion, expectationOf, servingOf, withDeployer } = await import(
      './deployments.ts'
    )
    if (args.deploy) servingOf(config)
    return await withDeployer(config, async (clients) => {
      const version = await findVersion(clients.control, model, args.modelVersion)
      // Approved, one that cannot be deployed would be in the way of every `ml deploy`.
      await withObjects(config, (objects) => expectationOf(objects, version))
      const reason = `${authorName() ?? 'somebody'}: ${args.reason.trim()}`
      await setApproval(clients.control, version, 'Approved', reason)
      await recordRow(config, 'ml_models', {
        model_name: model,
        version: version.version,
        model_package_arn: version.arn,
        model_version: version.metadata['model_version'],
        approval: 'Approved',
        reason,
        recorded_at: new Date().toISOString(),
      })
      const outcome = args.deploy
        ? await withInterrupt((signal) =>
            withObjects(config, (objects) =>
              deployVersion(config, clients, objects, version, signal),
            ),
          )
        : 'approved'
      printRows([{ endpoint, version: version.version, outcome }], args.format)
      return 0
    })
  },
})
