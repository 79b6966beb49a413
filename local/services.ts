/** What the supervisor needs to know of a service. */
import type { SystemUser } from './process/run.ts'
import type { ServiceName } from './service-names.ts'
import type { Credentials, Ports } from './state.ts'

/** What a service is told about the instance it belongs to. */
export type ServiceContext = {
  readonly stateDir: string
  readonly cacheDir: string
  readonly ports: Ports
  readonly credentials: Credentials
  /** Everything the service prints goes here. */
  readonly logPath: string
}

/** One process to run. It inherits the environment, unless `env` replaces it. */
export type ServiceCommand = {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Run as this system user (only root can). */
  readonly user?: SystemUser
  /** Asks for a clean stop. */
  readonly stopSignal: 'SIGTERM' | 'SIGINT'
}

/** Why something did not work: in words, and what a program said last. */
export type Failure = { readonly reason: string; readonly lines: readonly string[] }

/** A service as the supervisor sees it. */
export interface Service {
  readonly name: ServiceName
  /**
   * Makes what the first start needs. Safe to repeat, also after it was cut short.
   * @returns what went wrong, if a program that it ran failed
   */
  prepare(context: ServiceContext, signal: AbortSignal): Promise<Failure | undefined>
  /** The process to run, once prepared. */
  command(context: ServiceContext): ServiceCommand
  /**
   * Resolves when the service answers and is this instance's own (a stranger on the port does not count);
   * rejects while it is not ready yet. Also finishes what needs a running server, such as databases.
   */
  probe(context: ServiceContext): Promise<void>
  /**
   * Called when the process ended before it was ready: mends what it complains about in its log, if that is
   * something we know. @returns true when it is worth starting again
   */
  mend?(context: ServiceContext, log: string): boolean
  /** Where clients find it, for people to read: host:port or a URL without secrets. */
  address(context: ServiceContext): string
}
