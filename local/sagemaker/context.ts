/** What the parts of the stand-in share. */
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Files } from './files.ts'
import type { EndpointConfigRecord, EndpointRecord, ModelRecord } from './hosting/records.ts'
import type { ContainerSettings } from './images.ts'
import type { PackageGroup, PackageRecord } from './registry/records.ts'
import type { Collection, Stored } from './store.ts'
import type { TrainingJob } from './training/job.ts'

type Tags = Stored & {
  readonly tags: readonly { readonly Key: string; readonly Value: string }[]
}

export type Stores = {
  readonly jobs: Collection<TrainingJob>
  readonly models: Collection<ModelRecord>
  readonly endpointConfigs: Collection<EndpointConfigRecord>
  readonly endpoints: Collection<EndpointRecord>
  readonly groups: Collection<PackageGroup>
  readonly packages: Collection<PackageRecord>
  /** By ARN. */
  readonly tags: Collection<Tags>
}

export type StandIn = {
  readonly stores: Stores
  readonly files: Files
  readonly clock: Clock
  readonly log: Log
  /** Read from disk each time. */
  readonly containers: () => ContainerSettings
  /** Base directories of what runs; emptied by each start. */
  readonly workDir: string
  /** What containers print. */
  readonly logDir: string
}
