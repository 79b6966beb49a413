/** What serves an endpoint in one configuration: variants, each with instances of one model. */
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../../../core/errors.ts'
import { region } from '../../state.ts'
import { unpackArchive } from '../archive.ts'
import { instanceMemoryBytes } from '../container/instance-types.ts'
import type { StandIn } from '../context.ts'
import { s3Place } from '../files.ts'
import { findImage } from '../images.ts'
import { removeDirectory } from '../remove-directory.ts'
import { type Instance, startInstance } from './instance.ts'
import type { ModelSource, Served, VariantRequest, VariantState } from './records.ts'

/** Why an endpoint cannot be served; the text is its `FailureReason`. */
class HostingFailure extends Error {}

export type Variant = {
  readonly name: string
  /** Its share of the requests, relative to the others'. */
  weight: number
  readonly imageUri: string
  readonly serverless: VariantRequest['ServerlessConfig']
  readonly instances: Instance[]
  readonly logPath: string
  /** Until an answer has to be there. */
  readonly invocationMs: number
  /** Starts one more instance, or stops one. Resolves when the count is right and all are healthy. */
  scale(count: number): Promise<void>
}

export type Fleet = {
  readonly variants: readonly Variant[]
  /** Resolves when no request is on its way, or after the grace. */
  drained(): Promise<void>
  stop(): Promise<void>
}

/** Pings that a serverless container has, whatever is asked for: 3 min. */
const serverlessPingMs = 180_000
const drainPollMs = 20

/**
 * Starts all that a configuration asks for.
 * @param onFailing called when it will not be, before what runs already is stopped
 * @returns when every instance answers
 * @throws `HostingFailure`; then nothing of it runs any more
 */
export async function startFleet(
  standIn: StandIn,
  endpoint: string,
  { config, sources }: Served,
  states: readonly VariantState[],
  onFailing: () => void = () => {},
): Promise<Fleet> {
  const baseDir = join(standIn.workDir, `${endpoint}-${randomBytes(4).toString('hex')}`)
  const variants: Variant[] = []
  const stop = async () => {
    await Promise.all(variants.flatMap(({ instances }) => instances.map((each) => each.stop())))
    removeDirectory(baseDir, standIn.log)
  }
  try {
    for (const variant of config.request.ProductionVariants) {
      const state = states.find(({ name }) => name === variant.VariantName)
      const source = sources[variant.VariantName]
      if (source === undefined) throw new Error(`${variant.VariantName} has no model`)
      const directory = join(baseDir, variant.VariantName)
      const made = await makeVariant(standIn, endpoint, variant, source, directory)
      made.weight = state?.weight ?? 1
      variants.push(made)
      await made.scale(state?.instanceCount ?? 1)
    }
    return {
      variants,
      stop,
      drained: () =>
        drained(
          standIn,
          variants.flatMap(({ instances }) => instances),
        ),
    }
  } catch (error) {
    onFailing()
    await stop()
    if (error instanceof HostingFailure) throw error
    standIn.log.error({ event: 'endpoint.broke', endpoint, reason: messageOf(error) })
    throw new HostingFailure(messageOf(error), { cause: error })
  }
}

async function drained(
  { clock, containers }: StandIn,
  instances: readonly Instance[],
): Promise<void> {
  const deadline = clock.now() + containers().limits.serving_grace_seconds * 1000
  const isBusy = () => instances.some(({ inFlight }) => inFlight > 0)
  while (isBusy() && clock.now() < deadline) await clock.sleep(drainPollMs)
}

async function makeVariant(
  standIn: StandIn,
  endpoint: string,
  request: VariantRequest,
  source: ModelSource,
  baseDir: string,
): Promise<Variant> {
  const name = request.VariantName
  const image = findImage(standIn.containers(), source.imageUri)
  const { limits } = standIn.containers()
  await fetchModel(standIn, source, baseDir)
  const serverless = request.ServerlessConfig
  const asked = request.ContainerStartupHealthCheckTimeoutInSeconds
  const allowedMs =
    serverless === undefined ? (asked ?? image.ping_seconds) * 1000 : serverlessPingMs
  const memoryBytes = image.memory_mb
    ? image.memory_mb * 1024 ** 2
    : serverless === undefined
      ? instanceMemoryBytes(request.InstanceType ?? '')
      : serverless.MemorySizeInMB * 1024 ** 2
  const logPath = join(standIn.logDir, 'endpoints', endpoint, `${name}.log`)
  const instances: Instance[] = []
  const start = () =>
    startInstance({
      container: { image, command: ['serve'], logPath, memoryBytes },
      // All of them read the same model.
      baseDir,
      env: { ...source.env, AWS_REGION: region },
      pingMs: Math.min(allowedMs, image.ping_seconds * 1000),
      graceMs: limits.serving_grace_seconds * 1000,
    })
  return {
    name,
    weight: 1,
    imageUri: source.imageUri,
    serverless,
    instances,
    logPath,
    invocationMs: image.invocation_seconds * 1000,
    async scale(count) {
      const surplus = instances.splice(count)
      const added = Array.from({ length: count - instances.length }, start)
      const [allHealthy] = await Promise.all([
        Promise.all(added.map(({ firstHealthy }) => firstHealthy)),
        drained(standIn, surplus).then(() => Promise.all(surplus.map((each) => each.stop()))),
      ])
      if (allHealthy.every(Boolean)) {
        instances.push(...added)
        return
      }
      await Promise.all(added.map((each) => each.stop()))
      throw new HostingFailure(
        `The primary container for production variant ${name} did not pass the ping health check. Please check CloudWatch logs for this endpoint. (Here: ${logPath})`,
      )
    },
  }
}

/** Puts the model where `serve` looks for it: <base>/model. */
async function fetchModel(standIn: StandIn, source: ModelSource, baseDir: string): Promise<void> {
  const { archiveUri } = source
  const modelDir = join(baseDir, 'model')
  if (archiveUri === undefined) return
  const archive = join(baseDir, 'model.tar.gz')
  try {
    await standIn.files.download(s3Place(archiveUri), archive)
  } catch (cause) {
    throw new HostingFailure(
      `Failed to download model data for container "container_1" from URL: "${archiveUri}". Please ensure that there is an object located at the URL and that the role passed to CreateModel has permissions to download the object.`,
      { cause },
    )
  }
  const failure = await unpackArchive(archive, modelDir)
  rmSync(archive, { force: true })
  if (failure === undefined) return
  standIn.log.warn({ event: 'model.not_unpacked', archive: archiveUri, reason: failure })
  throw new HostingFailure(
    `Failed to extract model data archive for container "container_1" from URL: "${archiveUri}". Please ensure that the object located at the URL is a valid tar.gz archive.`,
  )
}
