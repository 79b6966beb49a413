/** Starts the services of this machine as the configuration says: as processes, or as containers. */
import type { Config } from '../core/config.ts'
import { problem } from '../core/problems.ts'
import type { Instance, StartEvent } from '../local/instance.ts'
import { portSettings } from '../local/ports.ts'

export type StartLocalOptions = {
  readonly onEvent?: (event: StartEvent) => void
  readonly signal?: AbortSignal
}

/**
 * Starts what is not running yet, and waits until it answers.
 * @throws `services/external` for a target whose services are given by address; else as `startInstance`
 */
export async function startLocalServices(
  config: Config,
  options: StartLocalOptions = {},
): Promise<Pick<Instance, 'settings'>> {
  const { services, local } = config.settings
  if (services === 'external') throw problem('services/external', { target: config.target })
  const ports = {
    kafka: local.kafka_port,
    kafkaController: local.kafka_controller_port,
    s3: local.s3_port,
    postgres: local.postgres_port,
    sagemaker: local.sagemaker_port,
  }
  const explicit = Object.entries(portSettings).filter(
    ([, setting]) => config.origins[setting] !== 'default',
  )
  const request = {
    ...options,
    stateDir: config.stateDir,
    cacheDir: config.cacheDir,
    ports,
    explicitPorts: new Set(explicit.map(([name]) => name)),
  }
  if (services === 'containers') {
    const { startContainers } = await import('../local/containers.ts')
    return await startContainers(request)
  }
  const { startInstance } = await import('../local/instance.ts')
  return await startInstance(request)
}
