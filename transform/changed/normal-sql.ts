/** The text of a template without what cannot change its meaning: comments, and how its blanks are laid out. */
import { tokenizeSql } from '../../core/sql-tokens.ts'

/** A tag of Jinja: comment, expression, or control. */
const tag = /\{#[\s\S]*?#\}|\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g
/** Marks that stand where tags stood: of a private range of Unicode, so that no text has them. */
const expressionMark = '\ue000'
const controlMark = '\ue001'
/** Blocks whose text becomes a value, and comments that take the blanks around them away. */
const keepsText = /\{%-?\s*(raw|call|filter|set\s+[\w\s,.]+-?%\})|\{#-|-#\}/
const anyMark = /[\ue000\ue001]/

/**
 * Two texts of one normal form give the same rows. Where it is not certain what is a string and what is not, because
 * a control tag stands inside one, the text comes back as it is.
 */
export function normalSql(text: string): string {
  if (keepsText.test(text) || anyMark.test(text)) return text
  const tags: string[] = []
  const marked = text.replaceAll(tag, (found) => {
    if (found.startsWith('{#')) return ' '
    tags.push(found)
    return found.startsWith('{{') ? expressionMark : controlMark
  })
  const parts: string[] = []
  for (const token of tokenizeSql(marked)) {
    const isText = token.kind === 'string' || token.kind === 'quoted-name'
    if (isText && (!token.closed || token.text.includes(controlMark))) return text
    // A tag in a comment is rendered all the same, and may end the line.
    if (token.kind === 'comment' && anyMark.test(token.text)) return text
    const isBlank = token.kind === 'comment' || token.kind === 'space'
    if (!isBlank) parts.push(token.text)
    else if (parts.at(-1) !== ' ') parts.push(' ')
  }
  return `${parts.join('').trim()}\n${tags.join('\n')}`
}
