/** From where a request comes, as it can be counted on. */
import { BlockList, isIP, isIPv6 } from 'node:net'

/** The proxies whose word is taken, or undefined when the text of one is no address and no range of them. */
export function parseProxies(texts: readonly string[]): BlockList | undefined {
  const list = new BlockList()
  for (const text of texts) {
    const [address = '', bits, more] = text.split('/')
    const family = familyOf(address)
    if (family === undefined || more !== undefined) return undefined
    const most = family === 'ipv4' ? 32 : 128
    if (bits === undefined) list.addAddress(address, family)
    else if (/^\d{1,3}$/.test(bits) && Number(bits) <= most) {
      list.addSubnet(address, Number(bits), family)
    } else return undefined
  }
  return list
}

/**
 * The caller's address. `X-Forwarded-For` counts as far as trusted proxies wrote it: from the right, up to the first
 * address that is none of theirs. What stands left of that anybody may have written.
 * @param peer the other end of the connection; undefined without one
 */
export function callerAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  proxies: BlockList,
): string {
  let caller = plain(peer ?? '')
  if (forwardedFor === undefined) return caller
  for (const text of forwardedFor.split(',').reverse()) {
    if (!isProxy(caller, proxies)) return caller
    const next = plain(text.trim())
    if (isIP(next) === 0) return caller
    caller = next
  }
  return caller
}

const signsOfProxies = ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']

/** Tells whether a proxy says that it hands a request on; not every one does. */
export function isHandedOn(header: (name: string) => string | undefined): boolean {
  return signsOfProxies.some((name) => header(name) !== undefined)
}

/** What is limited together: an IPv4 address, or the network of /64 that one caller with IPv6 has for himself. */
export function addressGroup(address: string): string {
  if (!isIPv6(address)) return address
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [left = '', right] = canonical.split('::')
  const before = left === '' ? [] : left.split(':')
  const after = right === undefined || right === '' ? [] : right.split(':')
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':')}::/64`
}

/** Without the zone, and IPv4 as such where a socket for both writes it into IPv6. */
function plain(address: string): string {
  return address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '')
}

function isProxy(address: string, proxies: BlockList): boolean {
  const family = familyOf(address)
  return family !== undefined && proxies.check(address, family)
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address)
  if (version === 0) return undefined
  return version === 4 ? 'ipv4' : 'ipv6'
}
