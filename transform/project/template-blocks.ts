/** `{% snapshot name %}…{% endsnapshot %}` and `{% docs name %}…{% enddocs %}`, cut out of a file's text. */
import { type Position, problem } from '../../core/problems.ts'
import { noteDeprecated, type Report } from './report.ts'
import { placeFinder } from './text-position.ts'

export type TemplateBlock = {
  readonly name: string
  /** What stands between the two tags, as written. */
  readonly body: string
  readonly at: Position
}

const tags = /\{#[\s\S]*?#\}|\{%[-+]?\s*(\w+)((?:'[^']*'|"[^"]*"|(?!%\})[\s\S])*?)[-+]?%\}/g

/** The blocks of one kind in a file, in order; one without a name or an end is a problem. */
export function findBlocks(
  file: string,
  text: string,
  kind: 'snapshot' | 'docs',
  report: Report,
): TemplateBlock[] {
  const blocks: TemplateBlock[] = []
  const place = placeFinder(file, text)
  const fail = (reason: string, offset: number) => {
    const at = place(offset)
    report.problems.push(problem('model/template-syntax', { reason }, { at }))
  }
  let open: { name: string; offset: number; start: number } | undefined
  /** `-%}` takes the blanks behind it, `{%-` those before it. */
  const between = (start: number, end: number) => {
    const body = text.slice(start, end)
    const cut = text.startsWith('-%}', start - 3) ? body.trimStart() : body
    return text.startsWith('{%-', end) ? cut.trimEnd() : cut
  }
  let isRaw = false
  for (const { 0: tag, 1: word, 2: rest = '', index } of text.matchAll(tags)) {
    if (word === 'endraw') isRaw = false
    else if (isRaw || word === undefined) continue
    else if (word === 'raw') isRaw = true
    else if (word === kind && open === undefined) {
      const name = /^\s*(\w+)/.exec(rest)?.[1]
      if (name === undefined) fail(`${kind} needs a name`, index)
      open = { name: name ?? '', offset: index, start: index + tag.length }
    } else if (word === `end${kind}` && open !== undefined) {
      const { name, offset, start } = open
      if (name !== '') blocks.push({ name, body: between(start, index), at: place(offset) })
      open = undefined
    } else if (word === `end${kind}`) {
      noteDeprecated(report, 'UnexpectedJinjaBlockDeprecation', place(index))
    }
  }
  if (open !== undefined) fail(`${kind} ${open.name} has no end${kind}`, open.offset)
  return blocks
}
