/** What several commands of `millrace ml` take from the settings and the command line. */
import type { Config } from '../../core/config.ts'

export const trainedJobOption = {
  type: 'string',
  default: 'latest',
  describe: 'Training job; latest is the newest that has completed',
} as const

/** Where things of the model are, and how they are called. */
export function placesOf({ settings }: Config) {
  const { ml, s3 } = settings
  return {
    model: ml.model_name,
    endpoint: ml.endpoint_name ?? ml.model_name,
    exportUri: (ml.export_uri ?? `s3://${s3.bucket}/ml/exports`).replace(/\/+$/, ''),
    artifactUri: (ml.artifact_uri ?? `s3://${s3.bucket}/ml/models`).replace(/\/+$/, ''),
  }
}
