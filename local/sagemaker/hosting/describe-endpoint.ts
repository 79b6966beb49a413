/** What DescribeEndpoint says. */
import type { DescribeEndpointOutput, ProductionVariantSummary } from '@aws-sdk/client-sagemaker'
import { arnOf } from '../api/arn.ts'
import type { StandIn } from '../context.ts'
import type { Fleet, Variant } from './fleet.ts'
import type { EndpointRecord, VariantState } from './records.ts'

export function describeEndpoint(
  { stores }: StandIn,
  record: EndpointRecord,
  fleet: Fleet | undefined,
): DescribeEndpointOutput {
  const pending = stores.endpointConfigs.get(record.pendingConfigName ?? '')
  const variants = fleet?.variants ?? []
  return {
    EndpointName: record.name,
    EndpointArn: arnOf('endpoint', record.name),
    EndpointConfigName: record.configName,
    ProductionVariants:
      variants.length === 0 ? undefined : variants.map((variant) => summarize(variant, record)),
    EndpointStatus: record.status,
    FailureReason: record.failureReason,
    CreationTime: new Date(record.createdAt),
    LastModifiedTime: new Date(record.modifiedAt),
    // Readonly throughout; the SDK's types are not.
    LastDeploymentConfig: record.deployment as DescribeEndpointOutput['LastDeploymentConfig'],
    PendingDeploymentSummary:
      pending === undefined
        ? undefined
        : {
            EndpointConfigName: pending.name,
            StartTime: new Date(record.modifiedAt),
            ProductionVariants: pending.request.ProductionVariants.map(({ VariantName }) => ({
              VariantName,
            })),
          },
  }
}

function summarize(variant: Variant, record: EndpointRecord): ProductionVariantSummary {
  const desired: VariantState | undefined = record.variants.find(
    ({ name }) => name === variant.name,
  )
  const { serverless } = variant
  return {
    VariantName: variant.name,
    DeployedImages: [{ SpecifiedImage: variant.imageUri, ResolvedImage: variant.imageUri }],
    CurrentWeight: variant.weight,
    DesiredWeight: desired?.weight ?? variant.weight,
    ...(serverless === undefined
      ? {
          CurrentInstanceCount: variant.instances.length,
          DesiredInstanceCount: desired?.instanceCount ?? variant.instances.length,
        }
      : { CurrentServerlessConfig: serverless, DesiredServerlessConfig: serverless }),
  }
}
