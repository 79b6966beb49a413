/** Memory of instance types. */

const gib = 1024 ** 3

/** GiB of the smallest size of each family, and which size that is; each next size has twice as much. */
const families: Readonly<Record<string, readonly [number, string]>> = {
  c: [4, 'large'],
  m: [8, 'large'],
  r: [16, 'large'],
  t: [4, 'medium'],
}

const sizes: readonly string[] = ['medium', 'large', 'xlarge', '2xlarge']

/**
 * How much memory a container on this instance type may hold, in bytes. Only for types that fit this machine; every
 * other one is taken for 16 GiB, the middle of what people train on.
 */
export function instanceMemoryBytes(instanceType: string): number {
  const [, family = '', size = ''] = /^ml\.([a-z])\w*\.(\w+)$/.exec(instanceType) ?? []
  const [smallest, smallestSize] = families[family] ?? [0, '']
  const steps = sizes.indexOf(size)
  const start = sizes.indexOf(smallestSize)
  return smallest === 0 || steps < start ? 16 * gib : smallest * 2 ** (steps - start) * gib
}
