/** What several commands of `millrace ml` take from the settings. */
import type { Config } from '../../core/config.ts'

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
