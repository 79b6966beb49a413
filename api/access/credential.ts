/** What a request says of who sent it. Nothing is read from the address: that ends up in logs and histories. */

export type Credential =
  | { readonly kind: 'none' }
  | { readonly kind: 'key' | 'token'; readonly text: string }
  /** Of another scheme, in several headers, or not to be read. */
  | { readonly kind: 'unreadable' }

const bearer = /^Bearer +([\w.~+/=-]+)$/i

/** Reads the two headers. @param authorization of a header that came twice it holds both, and so is no credential */
export function readCredential(
  authorization: string | undefined,
  apiKey: string | undefined,
): Credential {
  if (apiKey !== undefined) {
    return authorization === undefined ? { kind: 'key', text: apiKey } : { kind: 'unreadable' }
  }
  if (authorization === undefined) return { kind: 'none' }
  const text = bearer.exec(authorization)?.[1]
  if (text === undefined) return { kind: 'unreadable' }
  return { kind: text.startsWith('mlr_') ? 'key' : 'token', text }
}
