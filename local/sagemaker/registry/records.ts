/** Model package groups and model packages as they are kept. */
import type {
  CreateModelPackageGroupInput,
  CreateModelPackageInput,
} from '@aws-sdk/client-sagemaker'
import type { Checked } from '../api/checked.ts'
import type { Stored } from '../store.ts'

export type PackageGroup = Stored & {
  readonly request: Checked<CreateModelPackageGroupInput>
  /** Versions are never used again. */
  readonly lastVersion: number
}

/** The name is that in its ARN: `<group>/<version>`, or a name of its own. */
export type PackageRecord = Stored & {
  readonly modifiedAt: number
  readonly group?: string
  readonly version?: number
  /** With what was changed since. */
  readonly request: Checked<CreateModelPackageInput> & { readonly ApprovalDescription?: string }
}
