/** `.dbtignore`: patterns of files that are not read, in the notation of `.gitignore`. */

/** Whether a path, relative to the project and with `/`, is left out. */
export function ignoreRules(text: string): (path: string) => boolean {
  const rules = text
    .split(/\r?\n/)
    .map((line) => line.replace(/(?<!\\)\s+$/, ''))
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const isKept = line.startsWith('!')
      return { isKept, pattern: toPattern(isKept ? line.slice(1) : line) }
    })
  if (rules.length === 0) return () => false
  // The last rule that fits decides.
  return (path) => rules.findLast(({ pattern }) => pattern.test(path))?.isKept === false
}

/** A pattern without a slash inside fits at any depth; one that fits a folder fits all below it. */
function toPattern(line: string): RegExp {
  const body = line.replace(/^\//, '').replace(/\/$/, '')
  const isAnchored = line.replace(/\/$/, '').includes('/')
  const source = body.replaceAll(/\*\*\/|\/\*\*|\*|\?|\[!?[^\]]*\]|[.+^${}()|\\]/g, (part) => {
    if (part === '**/') return '(?:.*/)?'
    if (part === '/**') return '/.*'
    if (part === '*') return '[^/]*'
    if (part === '?') return '[^/]'
    if (part.startsWith('[')) return part.replace('[!', '[^')
    return `\\${part}`
  })
  return new RegExp(`^${isAnchored ? '' : '(?:.*/)?'}${source}(?:/.*)?$`)
}
