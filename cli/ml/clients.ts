/** What the commands of `millrace ml` work with, made from the configuration. */
import { type Config, requireSetting } from '../../core/config.ts'
import type { RecordRow, RecordTable } from '../../ml/records/tables.ts'
import type { SageMakerClients, SageMakerOptions } from '../../ml/sagemaker/clients.ts'
import { openConfiguredLake, s3OptionsOf } from '../context.ts'

/** SageMaker's settings as the clients take them, secrets looked up. @throws `config/missing-value` */
export async function sageMakerOptionsOf(config: Config): Promise<SageMakerOptions> {
  const { sagemaker, services } = config.settings
  // Local services give an address; without one a request would go to AWS by mistake.
  if (services !== 'external') requireSetting(config, 'sagemaker.endpoint', sagemaker.endpoint)
  const { region, accessKeyId, secretAccessKey } = await s3OptionsOf(config)
  return { endpoint: sagemaker.endpoint, region, accessKeyId, secretAccessKey }
}

/** Runs `work` with clients of SageMaker, and ends them. @throws `config/missing-value` */
export async function withSageMaker<T>(
  config: Config,
  work: (clients: SageMakerClients) => Promise<T>,
  options: Pick<SageMakerOptions, 'invokeAttempts'> = {},
): Promise<T> {
  const { createSageMakerClients } = await import('../../ml/sagemaker/clients.ts')
  const clients = createSageMakerClients({ ...(await sageMakerOptionsOf(config)), ...options })
  try {
    return await work(clients)
  } finally {
    clients.control.destroy()
    clients.runtime.destroy()
  }
}

/**
 * Writes a row of `ops.ml_*`; the lake is open no longer than that takes.
 * @param once columns that tell whether the row is there already
 */
export async function recordRow<Table extends RecordTable>(
  config: Config,
  table: Table,
  row: RecordRow<Table>,
  once: readonly (keyof RecordRow<Table>)[] = [],
): Promise<void> {
  const { record, recordOnce } = await import('../../ml/records/record.ts')
  await using lake = await openConfiguredLake(config)
  await (once.length === 0 ? record(lake, table, row) : recordOnce(lake, table, row, once))
}
