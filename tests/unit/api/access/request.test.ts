import { Hono } from 'hono'
import { expect, it } from 'vitest'
import { addressGroup, callerAddress, parseProxies } from '../../../../api/access/caller-address.ts'
import { readCredential } from '../../../../api/access/credential.ts'
import { corsOf } from '../../../../api/http/cors.ts'
import type { ApiEnvironment } from '../../../../api/http/environment.ts'

const key = 'mlr_abcdefgh_AAAA'

it.each([
  [undefined, undefined, { kind: 'none' }],
  [`Bearer ${key}`, undefined, { kind: 'key', text: key }],
  [`bearer   ${key}`, undefined, { kind: 'key', text: key }],
  ['Bearer a.b.c', undefined, { kind: 'token', text: 'a.b.c' }],
  [undefined, key, { kind: 'key', text: key }],
  [undefined, '', { kind: 'key', text: '' }],
  [`Bearer ${key}`, key, { kind: 'unreadable' }],
  [`Bearer ${key}, Bearer ${key}`, undefined, { kind: 'unreadable' }],
  ['Bearer', undefined, { kind: 'unreadable' }],
  ['Bearer ', undefined, { kind: 'unreadable' }],
  [`Basic ${btoa(`x:${key}`)}`, undefined, { kind: 'unreadable' }],
  [key, undefined, { kind: 'unreadable' }],
  ['', undefined, { kind: 'unreadable' }],
  ['Bearer a\u00e4b', undefined, { kind: 'unreadable' }],
])('reads Authorization %j and X-Api-Key %j', (authorization, apiKey, expected) => {
  expect(readCredential(authorization, apiKey)).toEqual(expected)
})

const proxies = parseProxies(['127.0.0.1', '10.0.0.0/8', 'fd00::/8'])

it.each([
  ['the other end when no proxy is there', '198.51.100.1', undefined, '198.51.100.1'],
  ['the other end when it is no proxy of ours', '198.51.100.1', '203.0.113.5', '198.51.100.1'],
  ['what our proxy says', '10.1.2.3', '203.0.113.5', '203.0.113.5'],
  ['what the first of our proxies says', '127.0.0.1', '203.0.113.5, 10.9.9.9', '203.0.113.5'],
  ['the last that is not ours', '127.0.0.1', '127.0.0.1, 203.0.113.5', '203.0.113.5'],
  ['our proxy when it says no address', '127.0.0.1', 'unknown', '127.0.0.1'],
  ['our proxy when it says nothing', '127.0.0.1', '', '127.0.0.1'],
  ['our proxy in IPv6', 'fd00::1', '2001:db8::7', '2001:db8::7'],
  ['IPv4 that came in IPv6', '::ffff:10.1.2.3', '::ffff:203.0.113.5', '203.0.113.5'],
  ['nobody where there is no socket', undefined, '203.0.113.5', ''],
])('takes as the caller %s', (_, peer, forwarded, expected) => {
  if (proxies === undefined) throw new Error('the proxies are not read')
  expect(callerAddress(peer, forwarded, proxies)).toBe(expected)
})

it.each(['', 'proxy.example', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'fd00::/129', '10.0.0'])(
  'does not take %j for a proxy',
  (text) => {
    expect(parseProxies([text])).toBeUndefined()
  },
)

it.each([
  ['203.0.113.5', '203.0.113.5'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::9', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::', 'fe80:0:0:0::/64'],
  ['', ''],
])('limits %j as %j', (address, group) => {
  expect(addressGroup(address)).toBe(group)
})

it.each(['https://app.example.com/', 'app.example.com', 'null', 'https://*.example.com/x', ''])(
  'does not take %j for a site',
  (origin) => {
    expect(() => corsOf([origin])).toThrow(/api\.cors_origins/)
  },
)

it('lets pages read every header that answers explain themselves with', async () => {
  const app = new Hono<ApiEnvironment>()
  const cors = corsOf(['https://a.example'])
  if (cors !== undefined) app.use(cors)
  app.get('/', (context) => context.text('x'))
  const { headers } = await app.request('/', { headers: { origin: 'https://a.example' } })
  const exposed = (headers.get('access-control-expose-headers') ?? '').split(',')
  expect(exposed).toEqual(
    expect.arrayContaining(['ETag', 'X-Table-Version', 'X-Total-Count', 'X-Total-Count-Is']),
  )
})
