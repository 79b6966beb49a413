/** `millrace ml rollback`: what served before serves again. */
import type { ModelApprovalStatus } from '@aws-sdk/client-sagemaker'
import type { Config } from '../../core/config.ts'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { Version } from '../../ml/registry/versions.ts'
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
    const { versionOf } = await import('../../ml/endpoint/serving.ts')
    const { endpointBusy, findEndpoint } = await import('../../ml/endpoint/endpoint.ts')
    const { deploymentBefore, listDeployments } = await import('../../ml/endpoint/deployments.ts')
    const { rollBackTo } = await import('../../ml/endpoint/take-back.ts')
    const { doneIfKnown, recordDeployment, rejectedVersions, tellIfLost, waitingOf } = await import(
      './deployments.ts'
    )
    return await withSageMaker(config, async (clients) => {
      const { control } = clients
      const now = await findEndpoint(control, endpoint)
      if (now === undefined) throw problem('ml/nothing-deployed', { endpoint })
      const status = now.EndpointStatus ?? ''
      if (status !== 'InService') throw endpointBusy(endpoint, status)
      const { EndpointConfigName: serves = '' } = now
      const target = deploymentBefore(
        await listDeployments(control, endpoint),
        serves,
        await rejectedVersions(control, model),
        await doneIfKnown(config, endpoint),
      )
      if (target === undefined) throw problem('ml/nothing-before', { endpoint })
      const startedAt = Date.now()
      const named = versionIn(endpoint, serves)
      const isOfModel = named === (await versionOf(control, endpoint, model, serves))
      const was = isOfModel ? named : undefined // another model's is not ours to reject
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
        // First of all: killed after the move, we would leave a version that the next `ml deploy` deploys again.
        const left = await reject(config, clients, was, args.reason).catch((error: unknown) => {
          process.stderr.write(
            `endpoint ${endpoint} serves version ${was} as before; \`millrace ml ls\` tells whether that is Rejected now\n`,
          )
          throw error
        })
        const waiting = waitingOf(config, signal)
        const rolledBack = await rollBackTo(control, endpoint, target.name, waiting).catch(
          async (error: unknown) => {
            await approveAgain(config, clients, left, serves)
            throw error
          },
        )
        const hasFailed = rolledBack.outcome === 'failed'
        if (hasFailed) await approveAgain(config, clients, left, serves)
        await write(rolledBack.outcome, hasFailed ? rolledBack.reason : args.reason)
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

/** @returns the version as it was; undefined where nothing was rejected */
async function reject(
  config: Config,
  { control }: SageMakerClients,
  number: number | undefined,
  why: string,
): Promise<Version | undefined> {
  if (number === undefined) return undefined
  const { findVersion, listVersions, setApproval } = await import('../../ml/registry/versions.ts')
  const { model } = placesOf(config)
  const isThere = (await listVersions(control, model)).some(({ version }) => version === number)
  if (!isThere) return undefined // deleted meanwhile
  const version = await findVersion(control, model, String(number))
  const reason = `rolled back by ${authorName() ?? 'somebody'}: ${why}`
  await setApproval(control, version, 'Rejected', reason)
  await recordApproval(config, version, 'Rejected', reason)
  return version
}

/** What was rejected for a roll-back is as it was where the endpoint stays with it; else what is known is said. */
async function approveAgain(
  config: Config,
  { control }: SageMakerClients,
  left: Version | undefined,
  serves: string,
): Promise<void> {
  if (left === undefined || left.approval === 'Rejected') return
  const { setApproval } = await import('../../ml/registry/versions.ts')
  const { configsOf, findEndpoint } = await import('../../ml/endpoint/endpoint.ts')
  const { endpoint } = placesOf(config)
  const { version, reason } = left
  const approval = left.approval as ModelApprovalStatus // as SageMaker named it
  const hint = `\`millrace ml promote ${version} --no-deploy\` approves it`
  try {
    const configs = configsOf(await findEndpoint(control, endpoint))
    if (configs.some((each) => each !== serves)) return // somebody else rolls it back
    await setApproval(control, left, approval, reason)
  } catch (error) {
    process.stderr.write(
      `version ${version} stays Rejected, though endpoint ${endpoint} may still serve it; ${hint}: ${messageOf(error)}\n`,
    )
    return
  }
  await recordApproval(config, left, approval, reason)
}

async function recordApproval(
  config: Config,
  { version, arn, metadata }: Version,
  approval: string,
  reason: string,
): Promise<void> {
  const { tellIfLost } = await import('./deployments.ts')
  const row = {
    model_name: placesOf(config).model,
    version,
    model_package_arn: arn,
    model_version: metadata['model_version'],
    approval,
    reason,
    recorded_at: new Date().toISOString(),
  }
  await tellIfLost(recordRow(config, 'ml_models', row))
}
