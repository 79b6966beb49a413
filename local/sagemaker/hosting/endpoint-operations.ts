/** The operations on endpoints, and the fleets behind them. */
import type {
  CreateEndpointInput,
  CreateEndpointOutput,
  DeleteEndpointInput,
  DescribeEndpointInput,
  DescribeEndpointOutput,
  ListEndpointsInput,
  ListEndpointsOutput,
  UpdateEndpointInput,
  UpdateEndpointOutput,
  UpdateEndpointWeightsAndCapacitiesInput,
  UpdateEndpointWeightsAndCapacitiesOutput,
} from '@aws-sdk/client-sagemaker'
import { messageOf } from '../../../core/errors.ts'
import { arnOf } from '../api/arn.ts'
import type { Checked } from '../api/checked.ts'
import { invalid } from '../api/refusal.ts'
import type { StandIn } from '../context.ts'
import { listPage } from '../listing.ts'
import { dropTags, setTags } from '../tags.ts'
import { describeEndpoint } from './describe-endpoint.ts'
import { assertWithinLimit, retained } from './desired-variants.ts'
import { type Fleet, startFleet } from './fleet.ts'
import { findEndpointConfig, servedBy } from './model-operations.ts'
import {
  type EndpointConfigRecord,
  type EndpointRecord,
  type VariantState,
  variantStates,
} from './records.ts'

const maxReason = 1024
const storePauseMs = 200
const recordPauseMs = 1_000

/** Endpoints by name: what runs behind those that serve. */
export type Fleets = ReadonlyMap<string, Fleet>

export function endpointOperations(standIn: StandIn) {
  const { endpoints } = standIn.stores
  const fleets = new Map<string, Fleet>()
  const working = new Set<Promise<void>>()
  /** Endpoints that come back after a start; what is asked of them meanwhile waits for that. */
  const restoring = new Map<string, Promise<void>>()
  let closing = false

  const now = () => standIn.clock.now()
  const find = (name: string): EndpointRecord => {
    const found = endpoints.get(name)
    if (found === undefined) throw invalid(`Could not find endpoint "${arnOf('endpoint', name)}".`)
    return found
  }
  const change = (name: string, to: Partial<EndpointRecord>) => {
    if (closing) return // what ends because we end is as it was after the next start
    const { failureReason: _old, pendingConfigName: _pending, ...record } = find(name)
    endpoints.put({ ...record, modifiedAt: now(), ...to })
  }
  /** The same for what happened: on a full disk as soon as there is room. */
  const settle = async (name: string, to: Partial<EndpointRecord>) => {
    for (;;) {
      try {
        return change(name, to)
      } catch (error) {
        standIn.log.error({
          event: 'endpoint.not_written',
          endpoint: name,
          reason: messageOf(error),
        })
        await standIn.clock.sleep(recordPauseMs)
      }
    }
  }
  /** In the background: whoever asked has been answered. */
  const work = (name: string, task: () => Promise<void>) => {
    const running: Promise<void> = task()
      .catch((error: unknown) => {
        if (closing) return
        standIn.log.error({ event: 'endpoint.broke', endpoint: name, reason: messageOf(error) })
      })
      .finally(() => working.delete(running))
    working.add(running)
  }

  async function create(name: string, config: EndpointConfigRecord): Promise<void> {
    try {
      const served = find(name).served ?? servedBy(standIn, config)
      fleets.set(name, await startFleet(standIn, name, served, find(name).variants))
      const { failureReason } = find(name) // of an update that a crash took back
      await settle(name, {
        status: 'InService',
        served,
        ...(failureReason === undefined ? {} : { failureReason }),
        ...askedMeanwhile(find(name)),
      })
    } catch (error) {
      await settle(name, { status: 'Failed', failureReason: messageOf(error).slice(0, maxReason) })
    }
    standIn.log.info({ event: 'endpoint.created', endpoint: name, status: find(name).status })
  }

  /** What waits until an endpoint is restored goes on being on its way when it is. */
  function askedMeanwhile({ status, pendingConfigName }: EndpointRecord): Partial<EndpointRecord> {
    if (status !== 'Updating' && status !== 'Deleting') return {}
    return pendingConfigName === undefined ? { status } : { status, pendingConfigName }
  }

  /** The old fleet serves until every instance of the new one is well, and for good when one is not. */
  async function update(
    name: string,
    config: EndpointConfigRecord,
    variants: readonly VariantState[],
  ): Promise<void> {
    try {
      const served = servedBy(standIn, config) // as it is now: models may go while we wait
      await restoring.get(name)
      const old = fleets.get(name)
      const fleet = await startFleet(standIn, name, served, variants, () =>
        change(name, { status: 'RollingBack', pendingConfigName: config.name }),
      )
      fleets.set(name, fleet)
      await settle(name, { status: 'InService', configName: config.name, served, variants })
      await old?.drained()
      await old?.stop()
    } catch (error) {
      const failureReason = messageOf(error).slice(0, maxReason)
      await settle(name, { status: 'InService', failureReason })
    }
    standIn.log.info({ event: 'endpoint.updated', endpoint: name, config: find(name).configName })
  }

  async function scale(name: string, variants: readonly VariantState[]): Promise<void> {
    await restoring.get(name)
    const before = find(name).variants
    try {
      for (const variant of fleets.get(name)?.variants ?? []) {
        const state = variants.find((each) => each.name === variant.name)
        if (state === undefined) continue
        await variant.scale(state.instanceCount)
        variant.weight = state.weight
      }
      await settle(name, { status: 'InService', variants })
    } catch (error) {
      const failureReason = messageOf(error).slice(0, maxReason)
      await settle(name, { status: 'InService', variants: before, failureReason })
    }
  }

  async function remove(name: string): Promise<void> {
    await restoring.get(name)
    const fleet = fleets.get(name)
    fleets.delete(name)
    await fleet?.drained()
    await fleet?.stop()
    endpoints.delete(name)
    dropTags(standIn, arnOf('endpoint', name))
  }

  /** After a start: what served serves again, what was being made is made, an update is taken back. */
  function restore({ name, status, configName, served, variants }: EndpointRecord): void {
    if (status === 'Deleting') work(name, () => remove(name))
    if (status === 'Failed' || status === 'Deleting') return
    const config = served?.config ?? standIn.stores.endpointConfigs.get(configName)
    if (config === undefined) {
      const failureReason = `Could not find endpoint configuration "${configName}".`
      change(name, { status: 'Failed', failureReason })
      return
    }
    if (status === 'Updating' || status === 'RollingBack') {
      const failureReason =
        'InternalServerError: We encountered an internal error. Please try again.'
      change(name, { status: 'InService', variants, failureReason })
    }
    const restored = whenStoreAnswers(name)
      .then((isWanted) => (isWanted ? create(name, config) : undefined))
      .finally(() => restoring.delete(name))
    restoring.set(name, restored)
    work(name, () => restored)
  }

  /** S3 starts beside us, and a champion must not be lost because it is slower. @returns false when it is to go */
  async function whenStoreAnswers(name: string): Promise<boolean> {
    const isWanted = () => !closing && endpoints.get(name)?.status !== 'Deleting'
    while (isWanted() && !(await standIn.files.answers())) {
      await standIn.clock.sleep(storePauseMs)
    }
    return isWanted()
  }
  for (const record of endpoints.all()) restore(record)

  const assertIdle = (record: EndpointRecord) => {
    const arn = arnOf('endpoint', record.name)
    if (record.status === 'Failed')
      throw invalid(`Cannot update endpoint "${arn}" with status Failed.`)
    if (record.status !== 'InService') throw invalid(`Cannot update in-progress endpoint "${arn}".`)
  }

  return {
    fleets,
    operations: {
      CreateEndpoint(request: Checked<CreateEndpointInput>): CreateEndpointOutput {
        const { EndpointName: name, EndpointConfigName, DeploymentConfig } = request
        const arn = arnOf('endpoint', name)
        if (endpoints.get(name) !== undefined) {
          throw invalid(`Cannot create already existing endpoint "${arn}".`)
        }
        const config = findEndpointConfig(standIn, EndpointConfigName)
        const variants = variantStates(config)
        assertWithinLimit(standIn, variants)
        const at = now()
        setTags(standIn, arn, request.Tags) // first: once it is there, it is on its way
        endpoints.put({
          name,
          createdAt: at,
          modifiedAt: at,
          status: 'Creating',
          configName: config.name,
          variants,
          ...(DeploymentConfig === undefined ? {} : { deployment: DeploymentConfig }),
        })
        work(name, () => create(name, config))
        return { EndpointArn: arn }
      },
      DescribeEndpoint({ EndpointName }: Checked<DescribeEndpointInput>): DescribeEndpointOutput {
        return describeEndpoint(standIn, find(EndpointName), fleets.get(EndpointName))
      },
      ListEndpoints(request: Checked<ListEndpointsInput>): ListEndpointsOutput {
        const { page, NextToken } = listPage(endpoints.all(), request)
        const Endpoints = page.map(({ name, createdAt, modifiedAt, status }) => ({
          EndpointName: name,
          EndpointArn: arnOf('endpoint', name),
          CreationTime: new Date(createdAt),
          LastModifiedTime: new Date(modifiedAt),
          EndpointStatus: status,
        }))
        return { Endpoints, NextToken }
      },
      UpdateEndpoint(request: Checked<UpdateEndpointInput>): UpdateEndpointOutput {
        const record = find(request.EndpointName)
        assertIdle(record)
        const config = findEndpointConfig(standIn, request.EndpointConfigName)
        const variants = retained(variantStates(config), record, request)
        assertWithinLimit(standIn, variants, record.variants)
        const { DeploymentConfig: deployment } = request
        change(record.name, {
          status: 'Updating',
          pendingConfigName: config.name,
          ...(deployment === undefined ? {} : { deployment }),
        })
        work(record.name, () => update(record.name, config, variants))
        return { EndpointArn: arnOf('endpoint', record.name) }
      },
      UpdateEndpointWeightsAndCapacities(
        request: Checked<UpdateEndpointWeightsAndCapacitiesInput>,
      ): UpdateEndpointWeightsAndCapacitiesOutput {
        const record = find(request.EndpointName)
        assertIdle(record)
        const wanted = request.DesiredWeightsAndCapacities
        for (const { VariantName } of wanted) {
          if (record.variants.some(({ name }) => name === VariantName)) continue
          throw invalid(
            `The variant name(s) "${VariantName}" is not present within endpoint configuration "${record.configName}".`,
          )
        }
        const variants = record.variants.map((variant): VariantState => {
          const to = wanted.find(({ VariantName }) => VariantName === variant.name)
          return {
            name: variant.name,
            weight: to?.DesiredWeight ?? variant.weight,
            instanceCount: to?.DesiredInstanceCount ?? variant.instanceCount,
          }
        })
        assertWithinLimit(standIn, variants, record.variants)
        change(record.name, { status: 'Updating' })
        work(record.name, () => scale(record.name, variants))
        return { EndpointArn: arnOf('endpoint', record.name) }
      },
      DeleteEndpoint({ EndpointName }: Checked<DeleteEndpointInput>): undefined {
        const record = find(EndpointName)
        if (record.status !== 'Failed') assertIdle(record)
        change(record.name, { status: 'Deleting' })
        work(record.name, () => remove(record.name))
      },
    },
    /** Stops all processes; the endpoints are there again after the next start. */
    async close(): Promise<void> {
      closing = true
      await Promise.all([...fleets.values()].map((fleet) => fleet.stop()))
    },
  }
}
