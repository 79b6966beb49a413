/** Where the keys of an identity provider are, as OpenID Connect Discovery has it. */
import { z } from 'zod'
import { isLoopback } from '../../../core/own-host.ts'
import { fetchJson } from './fetch-json.ts'

const documentSchema = z.object({ issuer: z.string(), jwks_uri: z.url() })

/** Tells whether nobody can change on its way what comes from an address. */
export function isSafeUrl(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))
}

/** Milliseconds; the keys themselves have to be fetched after it. */
const answerWithinMs = 2000

/**
 * Finds the key set of an issuer, anew each time; while the issuer does not say where it is, it is where it was.
 * @returns what a key set asks before it fetches
 */
export function keySetFinder(issuer: string): (signal: AbortSignal) => Promise<string> {
  let known: string | undefined
  return async (signal) => {
    try {
      const inTime = AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)])
      known = await discoverKeySetUrl(issuer, inTime)
    } catch (error) {
      if (known === undefined) throw error
    }
    return known
  }
}

/**
 * Reads `<issuer>/.well-known/openid-configuration`.
 * @returns the address of the key set
 * @throws when it is of another issuer, names an address without https, or cannot be had
 */
async function discoverKeySetUrl(issuer: string, signal: AbortSignal): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const document = documentSchema.parse(await fetchJson(url, signal))
  // OpenID Connect Discovery 4.3: character for character, or the keys could be somebody else's.
  if (document.issuer !== issuer) {
    throw new Error(`${url} is of the issuer ${JSON.stringify(document.issuer)}, not ${issuer}`)
  }
  if (!isSafeUrl(document.jwks_uri)) throw new Error(`${url} names keys without https`)
  return document.jwks_uri
}
