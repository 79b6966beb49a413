/** How many instances of each variant there shall be, with which weights, and whether there may be so many. */
import type { UpdateEndpointInput } from '@aws-sdk/client-sagemaker'
import type { Checked } from '../api/checked.ts'
import { Refusal } from '../api/refusal.ts'
import type { StandIn } from '../context.ts'
import type { EndpointRecord, VariantState } from './records.ts'

/** An update may keep the weights and counts of the variants that stay. */
export function retained(
  variants: readonly VariantState[],
  record: EndpointRecord,
  request: Checked<UpdateEndpointInput>,
): readonly VariantState[] {
  if (request.RetainAllVariantProperties !== true) return variants
  const changed = (request.ExcludeRetainedVariantProperties ?? []).map(
    (each) => each.VariantPropertyType,
  )
  return variants.map((variant) => {
    const kept = record.variants.find(({ name }) => name === variant.name) ?? variant
    return {
      name: variant.name,
      weight: changed.includes('DesiredWeight') ? variant.weight : kept.weight,
      instanceCount: changed.includes('DesiredInstanceCount')
        ? variant.instanceCount
        : kept.instanceCount,
    }
  })
}

/** @throws `ResourceLimitExceeded` for more instances than all endpoints together may have */
export function assertWithinLimit(
  { stores, containers }: StandIn,
  wanted: readonly VariantState[],
  replaced: readonly VariantState[] = [],
): void {
  const count = (variants: readonly VariantState[]) =>
    variants.reduce((sum, { instanceCount }) => sum + instanceCount, 0)
  const used = stores.endpoints
    .all()
    .filter(({ status }) => status !== 'Failed')
    .reduce((sum, { variants }) => sum + count(variants), 0)
  const limit = containers().limits.endpoint_instances
  const delta = count(wanted) - count(replaced)
  if (used + delta <= limit) return
  throw new Refusal(
    'ResourceLimitExceeded',
    `The account-level service limit 'Number of instances across active endpoints' is ${limit} Instances, with current utilization of ${used} Instances and a request delta of ${delta} Instances. Please use AWS Service Quotas to request an increase for this quota.`,
  )
}
