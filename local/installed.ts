/** What must be in the cache before services can start, asked before anything is touched. */
import { existsSync } from 'node:fs'
import { problem } from '../core/problems.ts'
import { installedPostgres } from './postgres/binaries.ts'
import type { ServiceName } from './service-names.ts'
import { cachePaths, kafkaClassPath } from './versions.ts'

/** @throws `services/not-set-up` for the first service whose programs are missing */
export function assertInstalled(cacheDir: string, services: readonly ServiceName[]): void {
  for (const service of services) checks[service](cacheDir)
}

const checks: Readonly<Record<ServiceName, (cacheDir: string) => void>> = {
  kafka: (cacheDir) => {
    if (kafkaClassPath(cacheDir) !== undefined) return
    throw problem('services/not-set-up', { what: 'Kafka', path: cachePaths.kafkaJars(cacheDir) })
  },
  s3: (cacheDir) => {
    const path = cachePaths.versitygw(cacheDir)
    if (!existsSync(path)) throw problem('services/not-set-up', { what: 'The S3 server', path })
  },
  postgres: () => {
    installedPostgres()
  },
  // It is part of Millrace; what its images need is theirs.
  sagemaker: () => {},
}
