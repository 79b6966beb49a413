/** `docs/api-documentation.md`, made of the document. */
import type { Answer, Example, Operation, Outline } from './outline.ts'
import type { Field } from './schema-words.ts'

/** The page as Markdown. @param address that the examples ask */
export function renderMarkdown(outline: Outline, address: string): string {
  const groups = outline.groups.map(
    ({ name, description, operations }) =>
      `## ${name}\n\n${description}\n\n${operations.map((one) => operationText(one, address)).join('\n')}`,
  )
  return `# The HTTP API

Generated from the OpenAPI document by \`make docs\`; do not edit. \`millrace serve\` gives the document of what it
serves at \`/openapi.json\`, and as a page at \`/docs\`. It lists what the caller may ask for.

${outline.description}

How to name a caller: [access.md](reference/access.md). Tables in detail: [tables-api.md](reference/tables-api.md).

${groups.join('\n')}`
}

function operationText(operation: Operation, address: string): string {
  const { method, path, summary, description, parameters, body, answers, example } = operation
  const blocks = [
    `### ${method} ${path}`,
    `${summary}.${description === '' ? '' : ` ${description}`}`,
    example === undefined ? '' : `\`\`\`sh\n${curl(example, address)}\n\`\`\``,
    table(
      ['parameter', 'in', 'type', ''],
      parameters.map(({ name, place, type, isRequired, description: meaning }) => [
        `\`${name}\`${isRequired ? ' (needed)' : ''}`,
        place,
        type,
        meaning,
      ]),
    ),
    fieldTable('field of the body', body),
    answersText(answers),
  ]
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}

function answersText(answers: readonly Answer[]): string {
  const good = answers.filter(({ status }) => status.startsWith('2'))
  const rows = answers
    .filter(({ status }) => status !== 'default')
    .map(({ status, description, mediaTypes }) => [
      status,
      description,
      mediaTypes.map((type) => `\`${type.split(';')[0]}\``).join(', '),
    ])
  const headers = good.flatMap((answer) => answer.headers)
  const shownHeaders = headers.filter(({ name }) => name !== 'X-Request-Id')
  return [
    table(['answer', '', 'as'], rows),
    ...good.map(({ fields }) => fieldTable('field of the answer', fields)),
    table(
      ['header', ''],
      shownHeaders.map(({ name, description }) => [`\`${name}\``, description]),
    ),
  ]
    .filter((block) => block !== '')
    .join('\n\n')
}

function fieldTable(title: string, fields: readonly Field[]): string {
  return table(
    [title, 'type', ''],
    fields.map(({ path, type, description }) => [`\`${path}\``, type, description]),
  )
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

/** A command line that asks. */
export function curl({ method, url, body }: Example, address: string): string {
  const send =
    body === undefined
      ? ''
      : ` -X ${method} -H 'content-type: application/json' -d '${quoted(body)}'`
  return `curl${send} '${quoted(address + url)}'`
}

function quoted(text: string): string {
  return text.replaceAll("'", "'\\''")
}
