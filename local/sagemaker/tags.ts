/** Tags, kept by ARN. */
import type {
  AddTagsInput,
  AddTagsOutput,
  DeleteTagsInput,
  ListTagsInput,
  ListTagsOutput,
  Tag,
} from '@aws-sdk/client-sagemaker'
import { arnOf } from './api/arn.ts'
import type { Checked } from './api/checked.ts'
import { invalid, Refusal } from './api/refusal.ts'
import type { StandIn } from './context.ts'

const maxTags = 50

export function tagOperations(standIn: StandIn) {
  return {
    AddTags({ ResourceArn, Tags }: Checked<AddTagsInput>): AddTagsOutput {
      assertThere(standIn, ResourceArn)
      return { Tags: setTags(standIn, ResourceArn, [...tagsOf(standIn, ResourceArn), ...Tags]) }
    },
    ListTags({ ResourceArn }: Checked<ListTagsInput>): ListTagsOutput {
      assertThere(standIn, ResourceArn)
      return { Tags: tagsOf(standIn, ResourceArn) }
    },
    DeleteTags({ ResourceArn, TagKeys }: Checked<DeleteTagsInput>): Record<string, never> {
      assertThere(standIn, ResourceArn)
      const kept = tagsOf(standIn, ResourceArn).filter(({ Key }) => !TagKeys.includes(Key ?? ''))
      setTags(
        standIn,
        ResourceArn,
        kept.map(({ Key = '', Value = '' }) => ({ Key, Value })),
      )
      return {}
    },
  }
}

/**
 * Replaces the tags of a thing; of a key that comes twice the last value counts.
 * @throws `ResourceLimitExceeded` for more than 50
 */
export function setTags(standIn: StandIn, arn: string, tags: readonly Checked<Tag>[] = []): Tag[] {
  const byKey = new Map(tags.map(({ Key, Value }) => [Key, { Key, Value }]))
  if (byKey.size > maxTags) {
    throw new Refusal(
      'ResourceLimitExceeded',
      `The number of tags exceeds the limit of ${maxTags}.`,
    )
  }
  const kept = [...byKey.values()]
  if (kept.length === 0) dropTags(standIn, arn)
  else standIn.stores.tags.put({ name: arn, createdAt: standIn.clock.now(), tags: kept })
  return kept
}

export function dropTags(standIn: StandIn, arn: string): void {
  standIn.stores.tags.delete(arn)
}

function tagsOf(standIn: StandIn, arn: string): { Key: string; Value: string }[] {
  return [...(standIn.stores.tags.get(arn)?.tags ?? [])]
}

function assertThere({ stores }: StandIn, arn: string): void {
  const { jobs, models, endpointConfigs, endpoints, groups, packages } = stores
  const kinds = [
    ['training-job', jobs],
    ['model', models],
    ['endpoint-config', endpointConfigs],
    ['endpoint', endpoints],
    ['model-package-group', groups],
    ['model-package', packages],
  ] as const
  for (const [kind, collection] of kinds) {
    const prefix = arnOf(kind, '')
    if (arn.startsWith(prefix) && collection.get(arn.slice(prefix.length)) !== undefined) return
  }
  throw invalid(`Could not find the resource "${arn}".`)
}
