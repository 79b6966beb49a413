/** `millrace ml delete`: a version that does not serve, or the endpoint. */
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { defineCommand } from '../command.ts'
import { openContext } from '../context.ts'
import { withInterrupt } from '../interrupt.ts'
import { authorName } from '../runner/origin.ts'
import { recordRow, withSageMaker } from './clients.ts'
import { placesOf } from './options.ts'

export const mlDeleteCommand = defineCommand({
  command: 'delete [model-version]',
  describe: 'Delete a version that does not serve, or the endpoint; the archives stay in S3',
  builder: (yargs) =>
    yargs
      .positional('model-version', { type: 'string', describe: 'Version of the model' })
      .option('endpoint', {
        type: 'boolean',
        default: false,
        describe: 'The endpoint, with its configurations; the versions stay',
      })
      .option('yes', { type: 'boolean', default: false, describe: 'Yes, delete it' })
      .example('$0 ml delete 3 --yes', 'a version that does not serve')
      .example('$0 ml delete --endpoint --yes', 'nothing serves any more, and nothing costs'),
  handler: async (args) => {
    if ((args.modelVersion === undefined) !== args.endpoint) {
      throw refuse('delete takes either a version or --endpoint.')
    }
    if (!args.yes) throw refuse('delete needs --yes: what is deleted does not come back.')
    const { config } = openContext(args)
    const { endpoint, model } = placesOf(config)
    const { recordDeployment, servedVersion, tellIfLost, waitingOf } = await import(
      './deployments.ts'
    )
    const { listDeployments } = await import('../../ml/endpoint/deployments.ts')
    const { dropDeployment } = await import('../../ml/endpoint/take-back.ts')
    const { assertUnchanging, deleteEndpoint, findEndpoint } = await import(
      '../../ml/endpoint/endpoint.ts'
    )
    const { deleteVersion, findVersion } = await import('../../ml/registry/versions.ts')
    const { endpointsServing } = await import('../../ml/endpoint/serving.ts')
    return await withSageMaker(config, async (clients) => {
      const { control } = clients
      const kept = await listDeployments(control, endpoint)
      if (args.modelVersion === undefined) {
        const found = await findEndpoint(control, endpoint)
        if (found === undefined && kept.length === 0) {
          throw problem('ml/nothing-deployed', { endpoint })
        }
        assertUnchanging(endpoint, found?.EndpointStatus ?? '')
        const startedAt = Date.now()
        const write = (outcome: string, reason?: string) => {
          const row = { endpoint_name: endpoint, action: 'delete', outcome, reason }
          return recordDeployment(config, startedAt, row)
        }
        const remove = async (signal: AbortSignal) => {
          try {
            await deleteEndpoint(control, endpoint, waitingOf(config, signal))
          } catch (error) {
            // SageMaker goes on when nobody waits; the same command deletes the rest once it is gone.
            const now = await findEndpoint(control, endpoint).catch(() => found)
            const goesOn = now === undefined || now.EndpointStatus === 'Deleting'
            if (goesOn) await tellIfLost(write('unfinished', messageOf(error)))
            throw error
          }
        }
        if (found !== undefined) await withInterrupt(remove)
        for (const { name } of kept) await dropDeployment(control, name)
        await write('done')
        process.stderr.write(`Endpoint ${endpoint} is deleted.\n`)
        return 0
      }
      const { version, arn, metadata } = await findVersion(control, model, args.modelVersion)
      const isServed = (await servedVersion(clients, endpoint, model)) === version
      const [by] = isServed ? [endpoint] : await endpointsServing(control, arn)
      if (by !== undefined) throw problem('ml/version-serves', { version, endpoint: by })
      for (const each of kept.filter((one) => one.version === version)) {
        await dropDeployment(control, each.name)
      }
      await deleteVersion(control, arn)
      const row = {
        model_name: model,
        version,
        model_package_arn: arn,
        model_version: metadata['model_version'],
        approval: 'Deleted',
        reason: `deleted by ${authorName() ?? 'somebody'}`,
        recorded_at: new Date().toISOString(),
      }
      await tellIfLost(recordRow(config, 'ml_models', row))
      process.stderr.write(`Version ${version} of ${model} is deleted.\n`)
      return 0
    })
  },
})

function refuse(reason: string): Error {
  return problem('cli/bad-arguments', { reason, command: 'millrace ml delete' })
}
