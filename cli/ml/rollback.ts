/** `millrace ml rollback`: what served before serves again. */
import type { Config } from '../../core/config.ts'
import { problem } from '../../core/problems.ts'
import type { SageMakerClients } from '../../ml/sagemaker/clients.ts'
import { defineCommand } from '../command.ts'
import { openContext } from '../context.ts'
import { withInterrupt } from '../interrupt.ts'
import { formatOption } from '../options.ts'
import { printRows } from '../output.ts'
import { authorName } from '../runner/origin.ts'
import { recordRow, withSageMaker } from './clients.ts'
import { placesOf } from './options.ts'

export const mlRollbackCommand = defineCommand({
  command: 'rollback',
  describe: 'Put what the endpoint served before back onto it, and reject what serves now',
  builder: (yargs) =>
    yargs
      .option('reason', {
        type: 'string',
        default: 'rolled back by hand',
        describe: 'Why; it is kept with the version that is left',
        requiresArg: true,
      })
      .option('format', formatOption)
      .example(
        '$0 ml rollback --reason "scores of new users are too high"',
        'once more goes further',
      ),
  handler: async (args) => {
    const { config } = openContext(args)
    const { endpoint, model } = placesOf(config)
    const { versionIn } = await import('../../ml/endpoint/names.ts')
    const { listVersions } = await import('../../ml/registry/versions.ts')
    const { endpointBusy, findEndpoint } = await import('../../ml/endpoint/endpoint.ts')
    const { deploymentBefore, listDeployments } = await import('../../ml/endpoint/deployments.ts')
    const { rollBackTo } = await import('../../ml/endpoint/take-back.ts')
    const { recordDeployment, tellIfLost, waitingOf } = await import('./deployments.ts')
    return await withSageMaker(config, async (clients) => {
      const { control } = clients
      const now = await findEndpoint(control, endpoint)
      if (now === undefined) throw problem('ml/nothing-deployed', { endpoint })
      const status = now.EndpointStatus ?? ''
      if (status !== 'InService') throw endpointBusy(endpoint, status)
      const { EndpointConfigName: serves = '' } = now
      const rejected = await listVersions(control, model, { approval: 'Rejected' })
      const target = deploymentBefore(
        await listDeployments(control, endpoint),
        serves,
        rejected.map(({ version }) => version),
      )
      if (target === undefined) throw problem('ml/nothing-before', { endpoint })
      const startedAt = Date.now()
      const was = versionIn(endpoint, serves)
      const { version } = target
      // A lake that fails must not make anybody roll back once more: that would go one further.
      const write = (outcome: string, reason: string) => {
        const row = {
          endpoint_name: endpoint,
          action: 'rollback',
          outcome,
          reason,
          version,
          endpoint_config: target.name,
          previous_endpoint_config: serves,
        }
        return tellIfLost(recordDeployment(config, startedAt, row))
      }
      const ended = await withInterrupt(async (signal) => {
        const rolledBack = await rollBackTo(
          control,
          endpoint,
          target.name,
          waitingOf(config, signal),
        )
        const hasFailed = rolledBack.outcome === 'failed'
        try {
          // First of all: else the next `ml deploy` would deploy it again.
          if (!hasFailed && was !== undefined) await reject(config, clients, was, args.reason)
        } finally {
          await write(rolledBack.outcome, hasFailed ? rolledBack.reason : args.reason)
        }
        return rolledBack
      })
      if (ended.outcome === 'failed') {
        const serving = `Endpoint ${endpoint} serves what it served.`
        throw problem('ml/deploy-failed', { version, reason: ended.reason, serves: serving })
      }
      if (ended.outcome === 'unfinished') {
        const { cause } = ended
        throw problem('ml/rollback-goes-on', { endpoint, version }, { cause })
      }
      printRows([{ endpoint, version, was, outcome: 'rolled back' }], args.format)
      return 0
    })
  },
})

async function reject(
  config: Config,
  { control }: SageMakerClients,
  number: number,
  why: string,
): Promise<void> {
  const { findVersion, listVersions, setApproval } = await import('../../ml/registry/versions.ts')
  const { tellIfLost } = await import('./deployments.ts')
  const { model } = placesOf(config)
  const isThere = (await listVersions(control, model)).some(({ version }) => version === number)
  if (!isThere) return // deleted meanwhile
  const version = await findVersion(control, model, String(number))
  const reason = `rolled back by ${authorName() ?? 'somebody'}: ${why}`
  await setApproval(control, version, 'Rejected', reason)
  const row = {
    model_name: model,
    version: number,
    model_package_arn: version.arn,
    model_version: version.metadata['model_version'],
    approval: 'Rejected',
    reason,
    recorded_at: new Date().toISOString(),
  }
  await tellIfLost(recordRow(config, 'ml_models', row))
}
