/** The registered versions of a model: model packages of its group. */
import {
  DeleteModelPackageCommand,
  DescribeModelPackageCommand,
  type DescribeModelPackageOutput,
  type ModelApprovalStatus,
  type ModelPackageSummary,
  paginateListModelPackages,
  type SageMakerClient,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker'
import { problem } from '../../core/problems.ts'
import { asked, askedIfThere, isMissing } from '../sagemaker/asked.ts'
import { asDescription } from '../sagemaker/texts.ts'

export type Version = {
  readonly version: number
  readonly arn: string
  readonly approval: string
  /** Why it was approved or rejected, by the gate or by hand. */
  readonly reason: string
  readonly createdAt: Date
  readonly artifactUri: string | undefined
  readonly imageUri: string | undefined
  readonly metadata: Readonly<Record<string, string>>
}

/** Newest first; none when there is no group. @throws as `asked` */
export async function listVersions(
  control: SageMakerClient,
  model: string,
  { approval }: { readonly approval?: ModelApprovalStatus } = {},
): Promise<readonly (ModelPackageSummary & { readonly version: number })[]> {
  const gather = async () => {
    const found: (ModelPackageSummary & { readonly version: number })[] = []
    const request = {
      ModelPackageGroupName: model,
      SortBy: 'CreationTime',
      SortOrder: 'Descending',
      ...(approval === undefined ? {} : { ModelApprovalStatus: approval }),
    } as const
    for await (const page of paginateListModelPackages({ client: control }, request)) {
      const own = page.ModelPackageSummaryList ?? []
      found.push(...own.map((each) => ({ ...each, version: each.ModelPackageVersion ?? 0 })))
    }
    return found.sort((left, right) => right.version - left.version)
  }
  try {
    return await gather()
  } catch (error) {
    if (isMissing(error)) return []
    return await asked(`list the versions of ${model}`, Promise.reject(error))
  }
}

/** One version by its ARN; undefined when it was deleted. @throws as `asked` */
export async function describeVersion(
  control: SageMakerClient,
  arn: string,
): Promise<Version | undefined> {
  const command = new DescribeModelPackageCommand({ ModelPackageName: arn })
  const found = await askedIfThere(`describe ${arn}`, control.send(command))
  return found && toVersion(found)
}

/**
 * One version by its number, or the newest with `latest`; with `approved` the newest that is.
 * @throws `ml/no-version`, `ml/unknown-version`, and as `asked`
 */
export async function findVersion(
  control: SageMakerClient,
  model: string,
  wanted: string,
): Promise<Version> {
  const approval = wanted === 'approved' ? { approval: 'Approved' as const } : {}
  const versions = await listVersions(control, model, approval)
  const isNewest = wanted === 'latest' || wanted === 'approved'
  const summary = isNewest
    ? versions[0]
    : versions.find(({ version }) => String(version) === wanted.replace(/^v/, ''))
  const arn = summary?.ModelPackageArn
  const version = arn === undefined ? undefined : await describeVersion(control, arn)
  if (version !== undefined) return version
  if (!isNewest) throw problem('ml/unknown-version', { model, version: wanted })
  throw problem('ml/no-version', { model, which: wanted === 'approved' ? 'approved ' : '' })
}

/** Approves or rejects a version, or neither, and says why. @throws as `asked` */
export async function setApproval(
  control: SageMakerClient,
  { arn, version }: Version,
  approval: ModelApprovalStatus,
  reason: string,
): Promise<void> {
  const command = new UpdateModelPackageCommand({
    ModelPackageArn: arn,
    ModelApprovalStatus: approval,
    ApprovalDescription: asDescription(reason),
  })
  await asked(`change the approval of version ${version}`, control.send(command))
}

/** @throws as `asked` */
export async function deleteVersion(control: SageMakerClient, arn: string): Promise<void> {
  const command = new DeleteModelPackageCommand({ ModelPackageName: arn })
  await asked(`delete ${arn}`, control.send(command))
}

function toVersion(found: DescribeModelPackageOutput): Version {
  const [container] = found.InferenceSpecification?.Containers ?? []
  const metadata = found.CustomerMetadataProperties ?? {}
  return {
    version: found.ModelPackageVersion ?? 0,
    arn: found.ModelPackageArn ?? '',
    approval: found.ModelApprovalStatus ?? '',
    reason: found.ApprovalDescription ?? gateReason(found) ?? '',
    createdAt: found.CreationTime ?? new Date(0),
    artifactUri: container?.ModelDataUrl,
    imageUri: container?.Image,
    metadata,
  }
}

/** What `register` wrote: the approval comes first. */
function gateReason({ ModelPackageDescription: text = '' }: DescribeModelPackageOutput) {
  return /^(?:Approved|Rejected|PendingManualApproval): (.*)$/u.exec(text)?.[1]
}
