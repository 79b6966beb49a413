/** What a training container finds below /opt/ml. */
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { TrainingRequest } from './job.ts'

export function baseDirectory(base: string) {
  return {
    channel: (name: string) => join(base, 'input', 'data', name),
    model: join(base, 'model'),
    outputData: join(base, 'output', 'data'),
    checkpoints: join(base, 'checkpoints'),
    failure: join(base, 'output', 'failure'),
  }
}

/** Makes the directories and writes the configuration. */
export function prepareBaseDirectory(base: string, request: TrainingRequest): void {
  const paths = baseDirectory(base)
  const config = join(base, 'input', 'config')
  for (const directory of [config, paths.model, paths.outputData, paths.checkpoints]) {
    mkdirSync(directory, { recursive: true })
  }
  const write = (name: string, value: unknown) =>
    writeFileSync(join(config, `${name}.json`), JSON.stringify(value))
  write('hyperparameters', request.HyperParameters ?? {})
  write(
    'inputdataconfig',
    Object.fromEntries((request.InputDataConfig ?? []).map(channelConfig(request))),
  )
  const instanceType = request.ResourceConfig?.InstanceType
  write('resourceconfig', {
    current_host: 'algo-1',
    current_instance_type: instanceType,
    current_group_name: 'homogeneousCluster',
    hosts: ['algo-1'],
    instance_groups: [
      { instance_group_name: 'homogeneousCluster', instance_type: instanceType, hosts: ['algo-1'] },
    ],
    network_interface_name: 'lo',
  })
}

function channelConfig({ AlgorithmSpecification }: TrainingRequest) {
  return (channel: NonNullable<TrainingRequest['InputDataConfig']>[number]) => {
    const config = {
      TrainingInputMode: channel.InputMode ?? AlgorithmSpecification.TrainingInputMode,
      S3DistributionType:
        channel.DataSource.S3DataSource?.S3DataDistributionType ?? 'FullyReplicated',
      RecordWrapperType: channel.RecordWrapperType ?? 'None',
      ...(channel.ContentType === undefined ? {} : { ContentType: channel.ContentType }),
    }
    return [channel.ChannelName, config] as const
  }
}

/** More than FailureReason can hold. */
const maxFailureBytes = 4096

/** What the container wrote about its failure, its beginning; empty when nothing. */
export function readFailure(base: string): string {
  let file: number | undefined
  try {
    // Whatever it is, we neither wait for it nor read it all.
    file = openSync(baseDirectory(base).failure, constants.O_RDONLY | constants.O_NONBLOCK)
    if (!fstatSync(file).isFile()) return ''
    const bytes = Buffer.alloc(maxFailureBytes)
    return bytes.toString('utf8', 0, readSync(file, bytes)).trim()
  } catch {
    return ''
  } finally {
    if (file !== undefined) closeSync(file)
  }
}
