/** The clients of SageMaker: of its API, and of the endpoints it runs. */
import { SageMakerClient } from '@aws-sdk/client-sagemaker'
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime'

export type SageMakerOptions = {
  /** Unset: AWS. */
  readonly endpoint?: string | undefined
  readonly region: string
  /** Unset: the AWS default credential chain. */
  readonly accessKeyId?: string | undefined
  readonly secretAccessKey?: string | undefined
  /** Attempts the SDK makes by itself. Default 3. */
  readonly maxAttempts?: number
  /** Attempts of a request to an endpoint. Default: as `maxAttempts`; 1 shows each failure. */
  readonly invokeAttempts?: number | undefined
  /** Milliseconds without a byte after which a request to an endpoint has failed. Default 65,000: it may take 60 s. */
  readonly invokeTimeoutMs?: number
}

export type SageMakerClients = {
  readonly control: SageMakerClient
  readonly runtime: SageMakerRuntimeClient
}

/** Opens both clients; no request is made. End them with `destroy()`. */
export function createSageMakerClients(options: SageMakerOptions): SageMakerClients {
  const { endpoint, region, accessKeyId, secretAccessKey = '', maxAttempts = 3 } = options
  const shared = {
    region,
    maxAttempts,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(accessKeyId === undefined ? {} : { credentials: { accessKeyId, secretAccessKey } }),
  }
  const handler = (socketTimeout: number) => ({ socketTimeout, connectionTimeout: 5_000 })
  return {
    control: new SageMakerClient({ ...shared, requestHandler: handler(30_000) }),
    runtime: new SageMakerRuntimeClient({
      ...shared,
      maxAttempts: options.invokeAttempts ?? maxAttempts,
      requestHandler: handler(options.invokeTimeoutMs ?? 65_000),
    }),
  }
}
