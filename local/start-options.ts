/** What a start is told, and what it tells. */
import type { ServiceName } from './service-names.ts'
import type { PortName, Ports } from './state.ts'

export type StartEvent =
  | {
      readonly kind: 'port-changed'
      readonly port: PortName
      readonly wanted: number
      readonly taken: number
    }
  | { readonly kind: 'already-running'; readonly service: ServiceName; readonly address: string }
  | { readonly kind: 'starting'; readonly service: ServiceName }
  | {
      readonly kind: 'ready'
      readonly service: ServiceName
      readonly address: string
      readonly elapsedMs: number
    }

export type StartOptions = {
  /** Absolute; made when it does not exist. */
  readonly stateDir: string
  /** Absolute; filled by set-up. */
  readonly cacheDir: string
  /** 0 is any free port. Ports the instance used before are kept. */
  readonly ports: Ports
  /** Names of `ports` that the user chose himself: used or refused, never replaced. */
  readonly explicitPorts?: ReadonlySet<string>
  /** Default: all. Services that run already are left alone. */
  readonly services?: readonly ServiceName[]
  readonly onEvent?: (event: StartEvent) => void
  /** Stops what this call started; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Take the instance down when this process is gone, however it ended. For tests. */
  readonly boundToThisProcess?: boolean
}
