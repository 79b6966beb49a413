/** Objects as an artifact holds them: JSON values, and null where nothing was said, never undefined. */
export type JsonObject = Readonly<Record<string, unknown>>

/** What was said, or null. */
export function orNull<Value>(value: Value | undefined): Value | null {
  return value === undefined ? null : value
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** One value or a list of them as a list; null and undefined as an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}

/** JSON text of an artifact. A whole number too large for a double keeps its digits as text. */
export function toArtifactText(artifact: JsonObject): string {
  try {
    // Nearly always there is none; a function that is asked of each value costs ten times as much.
    return JSON.stringify(artifact)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return withLargeNumbers(artifact)
  }
}

function withLargeNumbers(artifact: JsonObject): string {
  return JSON.stringify(artifact, (_, value: unknown) => {
    if (typeof value !== 'bigint') return value
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  })
}
