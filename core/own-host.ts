/** Whom a server on this machine answers. */

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i

/** Whether only this machine reaches what listens on the address. */
export function isLoopback(host: string): boolean {
  return loopback.test(host)
}

/**
 * Whether a request asks for this machine. A page of another site can point its own name at 127.0.0.1 and read what
 * is served there; its requests still carry that name. Who listens on another address means to be reached by names.
 * @param asked the Host header, such as `localhost:8080`
 * @param listening the address listened on
 */
export function isOwnHost(asked: string | undefined, listening: string): boolean {
  if (!isLoopback(listening)) return true
  return isLoopback((asked ?? '').replace(/:\d*$/, ''))
}
