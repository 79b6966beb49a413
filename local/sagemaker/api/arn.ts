/** Amazon resource names of the account that the stand-in poses as. */
import { region } from '../../state.ts'

/** No real account has it. */
export const accountId = '000000000000'

export type ArnKind =
  | 'training-job'
  | 'model'
  | 'endpoint-config'
  | 'endpoint'
  | 'model-package-group'
  | 'model-package'

export function arnOf(kind: ArnKind, name: string): string {
  return `arn:aws:sagemaker:${region}:${accountId}:${kind}/${name}`
}

/** The name of a resource that is given by its name or its ARN. */
export function nameOf(kind: ArnKind, nameOrArn: string): string {
  const prefix = arnOf(kind, '')
  return nameOrArn.startsWith(prefix) ? nameOrArn.slice(prefix.length) : nameOrArn
}
