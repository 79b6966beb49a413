/** Small objects that many resources of a manifest share. */
import type { RefCall, SourceCall } from '../compile/ask-memo.ts'
import { type JsonObject, orNull } from './json.ts'

export function refJson({ parts, version }: RefCall): JsonObject {
  const [name, owner] = [...parts].reverse()
  // Whole numbers are written as numbers, whatever they are said as.
  const asNumber = version !== undefined && /^\d+$/.test(version) ? Number(version) : version
  return { name: orNull(name), package: orNull(owner), version: orNull(asNumber) }
}

export function sourceCallJson({ source, table }: SourceCall): readonly string[] {
  return [source, table]
}

export function dependsOnJson(
  nodes: readonly string[],
  macros: readonly string[] = [],
): JsonObject {
  return { macros, nodes }
}

/** `package://file` of the schema file that describes a resource. */
export function patchPath(
  patch: { readonly package: string; readonly file: string } | undefined,
): string | null {
  return patch === undefined ? null : `${patch.package}://${patch.file}`
}
