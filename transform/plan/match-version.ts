/** `version:latest`, `prerelease`, `old` and `none`. */
import { problem } from '../../core/problems.ts'
import type { ModelNode, SelectableNode } from '../compile/graph.ts'

const checks: Readonly<Record<string, (model: ModelNode) => boolean>> = {
  latest: ({ version, latestVersion }) => version !== undefined && version === latestVersion,
  prerelease: ({ version, latestVersion }) => isBefore(latestVersion, version),
  old: ({ version, latestVersion }) => isBefore(version, latestVersion),
  none: ({ version }) => version === undefined,
}

/** @throws `model/bad-selector` for another word */
export function versionMatcher(value: string): (node: SelectableNode) => boolean {
  const check = Object.hasOwn(checks, value) ? checks[value] : undefined
  if (check === undefined) {
    const reason = 'there are latest, prerelease, old and none'
    throw problem('model/bad-selector', { selector: `version:${value}`, reason })
  }
  return (node) => node.kind === 'model' && check(node)
}

type Version = ModelNode['version']

/** As numbers when both are, else as text. */
function isBefore(left: Version, right: Version): boolean {
  if (left === undefined || right === undefined) return false
  const numbers = [Number(left), Number(right)] as const
  return numbers.some(Number.isNaN) ? String(left) < String(right) : numbers[0] < numbers[1]
}
