/** Headers that are dictionaries of RFC 9651: `users=57, user_activity=61`. */

/** Any name as a key of such a dictionary: lower case; other characters are written as `*` and their code. */
export function dictionaryKey(name: string): string {
  const escaped = name.replaceAll(/[^a-z0-9_.-]/g, (character) => `*${character.codePointAt(0)}`)
  return /^[a-z*]/.test(escaped) ? escaped : `*${escaped}`
}
