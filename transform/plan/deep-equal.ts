/** Whether two JSON values say the same; keys may stand in any order. */
export function deepEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) {
    return false
  }
  if (Array.isArray(left) !== Array.isArray(right)) return false
  const [mine, theirs] = [Object.entries(left), new Map(Object.entries(right))]
  return (
    mine.length === theirs.size &&
    mine.every(([key, value]) => theirs.has(key) && deepEqual(value, theirs.get(key)))
  )
}
