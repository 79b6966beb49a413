/** Shell patterns as dbt means them: `*` any text, `?` one character, `[ab]` one of these, `[!ab]` none of these. */

const compiled = new Map<string, RegExp>()

/** Dots and slashes are characters like any other; capitals count. */
export function fnmatch(text: string, pattern: string): boolean {
  if (!/[*?[]/.test(pattern)) return text === pattern
  return regexpOf(pattern).test(text)
}

/**
 * A pattern over paths: each part matches one folder or file name, and `**` any number of folders. A path is met
 * by a pattern for itself or for a folder above it.
 * @param paths the file and the folders above it, without the empty one
 */
export function matchesAnyPath(paths: readonly string[], pattern: string): string[] {
  const wanted = pattern.split('/').filter((part) => part !== '' && part !== '.')
  if (wanted.length === 0) return [...paths]
  return paths.filter((path) => matchesParts(path.split('/'), wanted))
}

function matchesParts(parts: readonly string[], wanted: readonly string[]): boolean {
  const [pattern, ...rest] = wanted
  if (pattern === undefined) return parts.length === 0
  if (pattern === '**') {
    return Array.from({ length: parts.length + 1 }, (_, count) => parts.slice(count)).some((tail) =>
      matchesParts(tail, rest),
    )
  }
  const [first, ...others] = parts
  return first !== undefined && fnmatch(first, pattern) && matchesParts(others, rest)
}

function regexpOf(pattern: string): RegExp {
  const known = compiled.get(pattern)
  if (known !== undefined) return known
  const made = new RegExp(`^(?:${translate(pattern)})$`, 's')
  compiled.set(pattern, made)
  return made
}

/** A bracket that is not closed stands for itself, and `]` right after the opening one is a member. */
const tokens = /\[(?:!(?<not>\][^\]]*|[^\]]+)|(?!!)(?<one>\][^\]]*|[^\]]+))\]|[\s\S]/g

function translate(pattern: string): string {
  return [...pattern.matchAll(tokens)]
    .map(({ 0: found, groups: { not, one } = {} }) => {
      if (not !== undefined || one !== undefined) return charactersOf(not, one ?? '')
      if (found === '*') return '.*'
      return found === '?' ? '.' : literally(found)
    })
    .join('')
}

/** `a-z` is a range, and one that runs backwards holds nothing. */
function charactersOf(not: string | undefined, one: string): string {
  const members = (not ?? one).replaceAll(/([\s\S])-([\s\S])/g, (range, from, to) =>
    from > to ? '' : range,
  )
  if (members === '') return not === undefined ? '(?!)' : '.'
  return `[${not === undefined ? '' : '^'}${members.replaceAll(/[\\\][^]/g, '\\$&')}]`
}

function literally(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&')
}
