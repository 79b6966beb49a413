/** Tags: what bills and searches of AWS know of a thing. */
import type { Tag } from '@aws-sdk/client-sagemaker'
import { asValue } from './texts.ts'

export type Origin = {
  readonly project: string
  readonly model: string
  readonly snapshotId?: number | undefined
  readonly sqlHash?: string | undefined
  readonly gitSha?: string | undefined
}

/** Only what SageMaker takes as a value is left of a text. */
export function tagsOf({ project, model, snapshotId, sqlHash, gitSha }: Origin): Tag[] {
  const values = {
    'millrace:project': project,
    'millrace:model': model,
    'millrace:snapshot-id': snapshotId,
    'millrace:sql-hash': sqlHash,
    'millrace:git-sha': gitSha,
  }
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([Key, value]) => ({ Key, Value: asValue(String(value)) }))
}
