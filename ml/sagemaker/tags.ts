/** Tags: what bills and searches of AWS know of a thing. */
import { paginateListTags, type SageMakerClient, type Tag } from '@aws-sdk/client-sagemaker'
import { asked } from './asked.ts'
import { asValue } from './texts.ts'

export type Origin = {
  readonly project: string
  readonly model: string
  readonly snapshotId?: number | undefined
  readonly sqlHash?: string | undefined
  readonly gitSha?: string | undefined
}

const gitShaKey = 'millrace:git-sha'

/** Only what SageMaker takes as a value is left of a text. */
export function tagsOf({ project, model, snapshotId, sqlHash, gitSha }: Origin): Tag[] {
  const values = {
    'millrace:project': project,
    'millrace:model': model,
    'millrace:snapshot-id': snapshotId,
    'millrace:sql-hash': sqlHash,
    [gitShaKey]: gitSha,
  }
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([Key, value]) => ({ Key, Value: asValue(String(value)) }))
}

/**
 * The commit that a thing was made at, by its own tags; undefined where they do not say.
 * @param arn undefined for what has none
 * @throws as `asked`
 */
export async function gitShaOf(
  control: SageMakerClient,
  arn: string | undefined,
): Promise<string | undefined> {
  if (arn === undefined) return undefined
  const search = async () => {
    for await (const { Tags = [] } of paginateListTags({ client: control }, { ResourceArn: arn })) {
      const found = Tags.find(({ Key }) => Key === gitShaKey)
      if (found !== undefined) return found.Value
    }
    return undefined
  }
  return await asked(`list the tags of ${arn}`, search())
}
