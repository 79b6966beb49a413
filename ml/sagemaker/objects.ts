/** Objects by their address, whichever bucket they are in. */

export interface Objects {
  /** Undefined when there is no such object. @throws `lake/store-unreachable` */
  fetch(uri: string): Promise<Uint8Array | undefined>
  put(uri: string, body: Uint8Array, contentType?: string): Promise<void>
  /** Addresses below a prefix, in byte order. */
  list(uri: string): Promise<readonly string[]>
}
