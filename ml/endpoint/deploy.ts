/** Deploys a version: what serves now goes on until the new one answers as it should, and again when it does not. */
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DescribeEndpointConfigCommand,
  type DescribeEndpointOutput,
  type ProductionVariant,
  type ProductionVariantInstanceType,
  type SageMakerClient,
  UpdateEndpointCommand,
} from '@aws-sdk/client-sagemaker'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { asked, askedIfThere } from '../sagemaker/asked.ts'
import type { SageMakerClients } from '../sagemaker/clients.ts'
import { type Origin, tagsOf } from '../sagemaker/tags.ts'
import {
  configsOf,
  deleteEndpoint,
  endpointBusy,
  findEndpoint,
  type Waiting,
  waitForEndpoint,
} from './endpoint.ts'
import { versionIn } from './names.ts'
import { type Expectation, smokeTest } from './smoke.ts'
import { dropDeployment, dropUnfinished, takeBack } from './take-back.ts'

export type Serving =
  | { readonly kind: 'instance'; readonly type: string; readonly count: number }
  | { readonly kind: 'serverless'; readonly memoryMb: number; readonly concurrency: number }

export type Deployment = {
  readonly endpoint: string
  /** Of the model and the endpoint configuration; see `deploymentName`. */
  readonly name: string
  readonly modelPackageArn: string
  readonly roleArn: string
  readonly serving: Serving
  readonly origin: Origin
  readonly expectation: Expectation
}

export type Deployed =
  | {
      readonly outcome: 'done'
      readonly previous: string | undefined
      /** Why deployments that never served are still there, if so: a roll-back may find them. */
      readonly untidy: string | undefined
    }
  | {
      /** `failed` when nothing served before, so that nothing serves now; `stuck` when it could not be taken back. */
      readonly outcome: 'rolled-back' | 'failed' | 'stuck'
      readonly previous: string | undefined
      readonly reason: string
    }

const variantName = 'main'

/**
 * @param returnTo what to go back to when it fails, where something serves now; that unless another is named
 * @throws `ml/endpoint-busy`, `ml/deploy-goes-on`, `ml/deploy-unfinished`, and as `asked`
 */
export async function deploy(
  clients: SageMakerClients,
  deployment: Deployment,
  waiting: Waiting,
  returnTo?: string,
): Promise<Deployed> {
  const { control } = clients
  const before = await readyEndpoint(control, deployment.endpoint, waiting)
  try {
    await createModel(control, deployment)
    await pointEndpoint(control, deployment, before)
  } catch (error) {
    await explainUnsent(control, deployment, error)
  }
  const previous = before && (returnTo ?? before.EndpointConfigName)
  return await finishDeployment(clients, deployment, previous, waiting)
}

/**
 * Waits for a deployment that is on its way, asks it, and takes it back when it does not answer as it should.
 * @param previous what served before, undefined when nothing did
 * @throws `ml/deploy-goes-on`, `ml/deploy-unfinished`, and as `asked`
 */
export async function finishDeployment(
  { control, runtime }: SageMakerClients,
  deployment: Pick<Deployment, 'endpoint' | 'name' | 'serving' | 'expectation'>,
  previous: string | undefined,
  waiting: Waiting,
): Promise<Deployed> {
  const { endpoint, name, serving, expectation } = deployment
  const now = await waitForEndpoint(control, endpoint, waiting).catch((cause: unknown) => {
    throw waiting.signal.aborted ? problem('ml/deploy-goes-on', { endpoint }, { cause }) : cause
  })
  const isOurs = now.EndpointStatus === 'InService' && now.EndpointConfigName === name
  const fault = isOurs
    ? await smokeTest(runtime, endpoint, expectation, concurrencyOf(serving))
    : (now.FailureReason ?? `the endpoint is ${now.EndpointStatus} with ${now.EndpointConfigName}`)
  if (fault === undefined) {
    const untidy = await dropUnfinished(control, endpoint, name, previous).then(
      () => undefined,
      messageOf, // it serves as it should, whatever lies about
    )
    return { outcome: 'done', previous, untidy }
  }
  const stuck = await takeBack(control, deployment, previous, waiting)
  if (stuck !== undefined) return { outcome: 'stuck', previous, reason: `${fault}\n  ${stuck}` }
  // SageMaker has gone back by itself, to what it had, or somebody else has changed it.
  const isOther = now.EndpointStatus === 'InService' && !isOurs
  const serves = isOther ? now.EndpointConfigName : previous
  return {
    outcome: serves === undefined ? 'failed' : 'rolled-back',
    previous: serves,
    reason: fault,
  }
}

/** How many requests an endpoint takes at once, where that is known. */
export function concurrencyOf(serving: Serving): number | undefined {
  return serving.kind === 'serverless' ? serving.concurrency : undefined
}

/**
 * The endpoint that can be changed; one that failed is deleted, SageMaker does not change such. Nor must a roll-back
 * find what it never came to serve.
 */
async function readyEndpoint(
  control: SageMakerClient,
  endpoint: string,
  waiting: Waiting,
): Promise<DescribeEndpointOutput | undefined> {
  const found = await findEndpoint(control, endpoint)
  const status = found?.EndpointStatus
  if (status === undefined || status === 'InService') return found
  if (status !== 'Failed') throw endpointBusy(endpoint, status)
  await deleteEndpoint(control, endpoint, waiting)
  for (const name of configsOf(found).filter((each) => versionIn(endpoint, each) !== undefined)) {
    await dropDeployment(control, name).catch(() => {}) // else `dropUnfinished` does
  }
  return undefined
}

async function createModel(control: SageMakerClient, deployment: Deployment): Promise<void> {
  const { name, modelPackageArn, roleArn, serving, origin } = deployment
  const Tags = tagsOf(origin)
  await asked(
    `make model ${name}`,
    control.send(
      new CreateModelCommand({
        ModelName: name,
        ExecutionRoleArn: roleArn,
        PrimaryContainer: { ModelPackageName: modelPackageArn },
        Tags,
      }),
    ),
  )
  const ProductionVariants = [variantOf(name, serving)]
  const command = new CreateEndpointConfigCommand({
    EndpointConfigName: name,
    ProductionVariants,
    Tags,
  })
  await asked(`make endpoint configuration ${name}`, control.send(command))
}

/** Whether a configuration asks for what it is to run on now; one that was deleted cannot tell, and counts as such. */
export async function runsOn(
  control: SageMakerClient,
  name: string,
  serving: Serving,
): Promise<boolean> {
  const command = new DescribeEndpointConfigCommand({ EndpointConfigName: name })
  const operation = `describe endpoint configuration ${name}`
  const [variant] = (await askedIfThere(operation, control.send(command)))?.ProductionVariants ?? []
  if (variant === undefined) return true
  const { ServerlessConfig: serverless, InstanceType: type, InitialInstanceCount: count } = variant
  return serving.kind === 'serverless'
    ? serverless?.MemorySizeInMB === serving.memoryMb &&
        serverless.MaxConcurrency === serving.concurrency
    : type === serving.type && count === serving.count
}

function variantOf(ModelName: string, serving: Serving): ProductionVariant {
  const common = { VariantName: variantName, ModelName, InitialVariantWeight: 1 }
  return serving.kind === 'serverless'
    ? {
        ...common,
        ServerlessConfig: {
          MemorySizeInMB: serving.memoryMb,
          MaxConcurrency: serving.concurrency,
        },
      }
    : {
        ...common,
        // The list of allowed types is the setting's; SageMaker refuses what it does not know.
        InstanceType: serving.type as ProductionVariantInstanceType,
        InitialInstanceCount: serving.count,
      }
}

async function pointEndpoint(
  control: SageMakerClient,
  { endpoint, name: config, origin: { project, model } }: Deployment,
  before: DescribeEndpointOutput | undefined,
): Promise<void> {
  const names = { EndpointName: endpoint, EndpointConfigName: config }
  // It outlives the version, so it has no tags of that.
  const Tags = tagsOf({ project, model })
  const sent =
    before === undefined
      ? control.send(new CreateEndpointCommand({ ...names, Tags }))
      : control.send(new UpdateEndpointCommand(names))
  await asked(`deploy ${config} to endpoint ${endpoint}`, sent)
}

/**
 * Looks at the endpoint after a request that failed. An answer may have been lost on its way: then the deployment goes
 * on, and what it consists of must not be deleted.
 * @throws `ml/endpoint-busy` when somebody else was quicker, else the failure
 */
async function explainUnsent(
  control: SageMakerClient,
  { endpoint, name }: Deployment,
  failure: unknown,
): Promise<void> {
  const now = await findEndpoint(control, endpoint).catch(() => {
    throw failure
  })
  if (configsOf(now).includes(name)) return
  await dropDeployment(control, name).catch(() => {}) // the next deployment does
  const { EndpointStatus: status = 'InService' } = now ?? {}
  if (status === 'InService') throw failure
  throw endpointBusy(endpoint, status, failure)
}
