/** The operations of the model registry. */
import type {
  CreateModelPackageGroupOutput,
  CreateModelPackageOutput,
  DeleteModelPackageGroupInput,
  DeleteModelPackageInput,
  DescribeModelPackageGroupInput,
  DescribeModelPackageGroupOutput,
  DescribeModelPackageInput,
  DescribeModelPackageOutput,
  ListModelPackageGroupsInput,
  ListModelPackageGroupsOutput,
  ListModelPackagesInput,
  ListModelPackagesOutput,
  UpdateModelPackageInput,
  UpdateModelPackageOutput,
} from '@aws-sdk/client-sagemaker'
import { arnOf, nameOf } from '../api/arn.ts'
import type { Checked } from '../api/checked.ts'
import { invalid, Refusal } from '../api/refusal.ts'
import type { StandIn } from '../context.ts'
import { listPage } from '../listing.ts'
import { dropTags, setTags } from '../tags.ts'
import type { PackageGroup, PackageRecord } from './records.ts'

export function registryOperations(standIn: StandIn) {
  const { groups, packages } = standIn.stores
  const findGroup = (nameOrArn: string): PackageGroup => {
    const name = nameOf('model-package-group', nameOrArn)
    const found = groups.get(name)
    if (found !== undefined) return found
    throw invalid(`ModelPackageGroup ${arnOf('model-package-group', name)} does not exist.`)
  }
  const findPackage = (nameOrArn: string): PackageRecord => {
    const name = nameOf('model-package', nameOrArn)
    const found = packages.get(name)
    if (found !== undefined) return found
    throw invalid(`ModelPackage ${arnOf('model-package', name)} does not exist.`)
  }

  return {
    CreateModelPackageGroup(request: PackageGroup['request']): CreateModelPackageGroupOutput {
      const name = request.ModelPackageGroupName
      const arn = arnOf('model-package-group', name)
      if (groups.get(name) !== undefined)
        throw invalid(`Model Package Group already exists: ${arn}`)
      groups.put({ name, createdAt: standIn.clock.now(), request, lastVersion: 0 })
      setTags(standIn, arn, request.Tags)
      return { ModelPackageGroupArn: arn }
    },
    DescribeModelPackageGroup(
      request: Checked<DescribeModelPackageGroupInput>,
    ): DescribeModelPackageGroupOutput {
      const group = findGroup(request.ModelPackageGroupName)
      return { ...groupSummary(group), CreatedBy: {} }
    },
    ListModelPackageGroups(
      request: Checked<ListModelPackageGroupsInput>,
    ): ListModelPackageGroupsOutput {
      const { page, NextToken } = listPage(groups.all(), request)
      return { ModelPackageGroupSummaryList: page.map(groupSummary), NextToken }
    },
    DeleteModelPackageGroup(request: Checked<DeleteModelPackageGroupInput>): undefined {
      const { name } = findGroup(request.ModelPackageGroupName)
      if (packages.all().some(({ group }) => group === name)) {
        throw new Refusal(
          'ConflictException',
          `Model Package Group ${arnOf('model-package-group', name)} cannot be deleted: it still contains model packages.`,
        )
      }
      groups.delete(name)
      dropTags(standIn, arnOf('model-package-group', name))
    },

    CreateModelPackage(request: PackageRecord['request']): CreateModelPackageOutput {
      const repeated = repeatOf(packages.all(), request.ClientToken)
      if (repeated !== undefined) return { ModelPackageArn: arnOf('model-package', repeated.name) }
      const at = standIn.clock.now()
      const record = { createdAt: at, modifiedAt: at, ...identify(request) }
      packages.put({ ...record, request: withApproval(request) })
      const arn = arnOf('model-package', record.name)
      setTags(standIn, arn, request.Tags)
      return { ModelPackageArn: arn }
    },
    DescribeModelPackage(request: Checked<DescribeModelPackageInput>): DescribeModelPackageOutput {
      return describe(findPackage(request.ModelPackageName))
    },
    UpdateModelPackage(request: Checked<UpdateModelPackageInput>): UpdateModelPackageOutput {
      const record = findPackage(request.ModelPackageArn)
      const { ModelPackageArn, CustomerMetadataPropertiesToRemove: removed = [], ...rest } = request
      const {
        AdditionalInferenceSpecificationsToAdd: added = [],
        ClientToken: _token,
        ...changed
      } = rest
      const metadata = {
        ...record.request.CustomerMetadataProperties,
        ...changed.CustomerMetadataProperties,
      }
      const kept = Object.entries(metadata).filter(([key]) => !removed.includes(key))
      const specifications = [...(record.request.AdditionalInferenceSpecifications ?? []), ...added]
      packages.put({
        ...record,
        modifiedAt: standIn.clock.now(),
        request: {
          ...record.request,
          ...changed,
          ...(kept.length === 0 ? {} : { CustomerMetadataProperties: Object.fromEntries(kept) }),
          ...(specifications.length === 0
            ? {}
            : { AdditionalInferenceSpecifications: specifications }),
        },
      })
      return { ModelPackageArn }
    },
    ListModelPackages(request: Checked<ListModelPackagesInput>): ListModelPackagesOutput {
      const wanted = request.ModelPackageGroupName
      const group = wanted === undefined ? undefined : findGroup(wanted).name
      const type = request.ModelPackageType ?? (group === undefined ? 'Unversioned' : 'Versioned')
      const status = request.ModelApprovalStatus
      const chosen = packages.all().filter((each) => {
        const isOfType = type === 'Both' || (type === 'Versioned') === (each.group !== undefined)
        const isOfGroup = group === undefined || each.group === group
        return (
          isOfType &&
          isOfGroup &&
          (status === undefined || each.request.ModelApprovalStatus === status)
        )
      })
      const { page, NextToken } = listPage(chosen, request)
      const ModelPackageSummaryList = page.map((each) => {
        const { ModelPackageName, ModelPackageGroupName, ModelPackageVersion } = describe(each)
        return {
          ModelPackageName,
          ModelPackageGroupName,
          ModelPackageVersion,
          ModelPackageArn: arnOf('model-package', each.name),
          ModelPackageDescription: each.request.ModelPackageDescription,
          CreationTime: new Date(each.createdAt),
          ModelPackageStatus: 'Completed' as const,
          ModelApprovalStatus: each.request.ModelApprovalStatus,
        }
      })
      return { ModelPackageSummaryList, NextToken }
    },
    DeleteModelPackage(request: Checked<DeleteModelPackageInput>): undefined {
      const { name } = findPackage(request.ModelPackageName)
      packages.delete(name)
      dropTags(standIn, arnOf('model-package', name))
    },
  }

  /** The name of a new package; the next version of its group, which is counted on. */
  function identify(request: PackageRecord['request']) {
    const { ModelPackageName: name, ModelPackageGroupName: groupName } = request
    if ((name === undefined) === (groupName === undefined)) {
      throw invalid('Exactly one of ModelPackageName and ModelPackageGroupName must be specified.')
    }
    if (
      request.InferenceSpecification === undefined &&
      request.SourceAlgorithmSpecification === undefined
    ) {
      throw invalid(
        'Either InferenceSpecification or SourceAlgorithmSpecification must be provided.',
      )
    }
    if (groupName === undefined) {
      const own = name ?? ''
      if (packages.get(own) === undefined) return { name: own }
      throw invalid(`Model Package already exists: ${arnOf('model-package', own)}`)
    }
    const group = findGroup(groupName)
    const version = group.lastVersion + 1
    groups.put({ ...group, lastVersion: version })
    return { name: `${group.name}/${version}`, group: group.name, version }
  }
}

/** What a request with the same token made before; then it is the same request again. */
function repeatOf(packages: readonly PackageRecord[], token: string | undefined) {
  return token === undefined
    ? undefined
    : packages.find(({ request }) => request.ClientToken === token)
}

/** A version of a group always has a status; without one it waits for somebody. */
function withApproval(request: PackageRecord['request']): PackageRecord['request'] {
  return request.ModelPackageGroupName === undefined
    ? request
    : { ...request, ModelApprovalStatus: request.ModelApprovalStatus ?? 'PendingManualApproval' }
}

function groupSummary({ name, createdAt, request }: PackageGroup) {
  return {
    ModelPackageGroupName: name,
    ModelPackageGroupArn: arnOf('model-package-group', name),
    ModelPackageGroupDescription: request.ModelPackageGroupDescription,
    CreationTime: new Date(createdAt),
    ModelPackageGroupStatus: 'Completed' as const,
  }
}

function describe(record: PackageRecord): DescribeModelPackageOutput {
  const { request, name, group, version } = record
  const { Tags: _tags, ClientToken: _token, ModelPackageName: _name, ...asked } = request
  return {
    // Readonly throughout; the SDK's types are not.
    ...(asked as Pick<DescribeModelPackageOutput, 'InferenceSpecification'>),
    ModelPackageName: group ?? name,
    ModelPackageGroupName: group,
    ModelPackageVersion: version,
    ModelPackageArn: arnOf('model-package', name),
    CreationTime: new Date(record.createdAt),
    LastModifiedTime: new Date(record.modifiedAt),
    ModelPackageStatus: 'Completed',
    ModelPackageStatusDetails: { ValidationStatuses: [] },
  }
}
