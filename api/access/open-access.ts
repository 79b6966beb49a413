/** Access as the settings want it, or the reason why it must not be so. */
import { BlockList } from 'node:net'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import { isLoopback } from '../../core/own-host.ts'
import { problem } from '../../core/problems.ts'
import type { Settings } from '../../core/settings.ts'
import { type Access, createIdentify } from './access.ts'
import { parseProxies } from './caller-address.ts'
import { freshnessChecks } from './freshness-checks.ts'
import { watchKeys } from './keys/watch-keys.ts'
import { toPrincipal } from './principal.ts'
import { createRateLimiter, type RateLimiter } from './rate-limit.ts'
import { isSafeUrl, keySetFinder } from './tokens/discover.ts'
import { createKeySet } from './tokens/key-set.ts'
import { createTokenVerifier, type TokenRules } from './tokens/verify-token.ts'

type AccessSettings = Pick<
  Settings['api'],
  | 'access'
  | 'anonymous_roles'
  | 'pii_roles'
  | 'oidc'
  | 'key_refresh_ms'
  | 'rate_limit'
  | 'cors_origins'
  | 'trusted_proxies'
>

export type AccessOptions = {
  /** The address listened on. */
  readonly host: string
  readonly settings: AccessSettings
  readonly postgresUrl: string
  readonly log: Log
  readonly clock: Clock
}

/**
 * Opens access: reads the keys and the identity provider's where credentials are needed.
 * @throws `api/open-beyond-loopback`, `api/no-credentials`, `api/keys-not-permitted`, `config/invalid-value`, `config/missing-value`,
 *   `publish/postgres-unreachable`, `publish/login-refused`
 */
export async function openAccess(options: AccessOptions): Promise<Access> {
  const { host, settings, log } = options
  const proxies = parseProxies(settings.trusted_proxies)
  if (proxies === undefined) {
    const reason = 'it takes addresses and ranges, such as 10.0.0.7 or 10.0.0.0/8.'
    throw problem('config/invalid-value', { path: 'api.trusted_proxies', reason })
  }
  const mode = settings.access ?? (isLoopback(host) ? 'open' : 'required')
  if (mode === 'required') return await openWithCredentials(options, proxies)
  if (!isLoopback(host)) throw problem('api/open-beyond-loopback', { host })
  if (settings.cors_origins.includes('*')) {
    const reason = 'with open access every site that you visit could read the API; name the sites.'
    throw problem('config/invalid-value', { path: 'api.cors_origins', value: '*', reason })
  }
  log.warn({ event: 'access.open', host })
  return openToEveryone(settings, proxies)
}

type OpenSettings = Pick<AccessSettings, 'anonymous_roles' | 'pii_roles' | 'rate_limit'>

/** Access without credentials, for who asks this machine for itself. */
export function openToEveryone(
  { anonymous_roles, pii_roles, rate_limit }: OpenSettings,
  proxies = new BlockList(),
): Access {
  const everyone = toPrincipal('anonymous', 'anonymous', anonymous_roles, pii_roles)
  return {
    everyone,
    identify: async () => everyone,
    proxies,
    perCaller: undefined,
    perAddress: limiterOf('address', rate_limit.per_address ?? 0, rate_limit.address_burst),
    checks: {},
    close: async () => {},
  }
}

async function openWithCredentials(options: AccessOptions, proxies: BlockList): Promise<Access> {
  const { host, settings, postgresUrl: url, log, clock } = options
  const { rate_limit: rates, key_refresh_ms: refreshMs } = settings
  const rules = tokenRulesOf(settings.oidc)
  const keys = await watchKeys({ url, refreshMs, log, clock })
  try {
    if (rules === undefined && keys.ring().size === 0) throw problem('api/no-credentials', { host })
    const keySet = rules && createKeySet({ findUrl: findUrlOf(rules), log, clock })
    // A provider that is away must not keep those out who have keys.
    await keySet?.load().catch((err) => log.warn({ event: 'access.jwks-not-read', err }))
    const perFailure = rates.failures_per_address
    return {
      everyone: undefined,
      identify: createIdentify({
        keys,
        tokens: rules && keySet && createTokenVerifier(rules, keySet, clock),
        piiRoles: settings.pii_roles,
        failures: createRateLimiter('failures', { perMinute: perFailure, burst: perFailure }),
        clock,
      }),
      proxies,
      perCaller: limiterOf('key', rates.per_key ?? 6000, rates.key_burst),
      perAddress: limiterOf('address', rates.per_address ?? 12_000, rates.address_burst),
      checks: freshnessChecks(keys, keySet, refreshMs, clock),
      close: keys.close,
    }
  } catch (error) {
    await keys.close()
    throw error
  }
}

function limiterOf(name: string, perMinute: number, burst: number): RateLimiter | undefined {
  return perMinute === 0 ? undefined : createRateLimiter(name, { perMinute, burst })
}

/** Undefined: the issuer says it. */
type KeyPlace = { readonly jwksUrl: string | undefined }

function findUrlOf({ issuer, jwksUrl }: TokenRules & KeyPlace) {
  return jwksUrl === undefined ? keySetFinder(issuer) : async () => jwksUrl
}

/** Undefined when no tokens are taken. */
function tokenRulesOf(oidc: AccessSettings['oidc']): (TokenRules & KeyPlace) | undefined {
  const { issuer, audience = [], jwks_url: jwksUrl, roles_claim: rolesClaim } = oidc
  if (issuer === undefined) return undefined
  if (audience.length === 0) {
    const reason = 'without it tokens that were made for other applications would be taken here.'
    throw problem('config/invalid-value', { path: 'api.oidc.audience', reason })
  }
  // Without its own address the keys are where the issuer says, at an address below its name.
  const [path, url] = jwksUrl === undefined ? ['issuer', issuer] : ['jwks_url', jwksUrl]
  if (!isSafeUrl(url)) {
    const reason = 'it has to be with https: who can change the keys on their way can make tokens.'
    throw problem('config/invalid-value', { path: `api.oidc.${path}`, reason })
  }
  return { issuer, audience, rolesClaim, jwksUrl }
}
