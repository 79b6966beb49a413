/** Where in a query DuckDB found a fault: it counts the lines of the statement that it was sent. */

export type SqlFault = {
  /** DuckDB's message, its `LINE n:` being that of the query. */
  readonly reason: string
  /** From 1; undefined when DuckDB names no place, or one outside of the query. */
  readonly line: number | undefined
}

/**
 * Counts the lines of a message from the start of a query that was sent inside of a statement.
 * @param query as its file has it; blanks around it and a `;` at its end may have been left out
 */
export function faultInQuery(message: string, statement: string, query: string): SqlFault {
  const sent = query.trim().replace(/;\s*$/, '')
  const start = statement.indexOf(sent)
  const [, head = '', number = ''] = /^(LINE (\d+): )/m.exec(message) ?? []
  const first = breaksIn(statement.slice(0, start)) + 1
  const below = Number(number) - first
  if (number === '' || start === -1 || below < 0 || below > breaksIn(sent)) {
    return { reason: message, line: undefined }
  }
  const line = breaksIn(query.slice(0, query.indexOf(sent))) + 1 + below
  return { reason: withLine(message, head, line), line }
}

/** The mark below the line stays where it points to. */
function withLine(message: string, head: string, line: number): string {
  const written = `LINE ${line}: `
  const [before = '', after = ''] = message.split(head)
  const [text = '', mark, ...rest] = after.split('\n')
  const moved =
    mark === undefined || mark.trim() !== '^' ? mark : shifted(mark, written.length - head.length)
  return [`${before}${written}${text}`, ...(moved === undefined ? [] : [moved]), ...rest].join('\n')
}

function shifted(mark: string, by: number): string {
  return by > 0 ? ' '.repeat(by) + mark : mark.slice(-by)
}

function breaksIn(text: string): number {
  return text.split('\n').length - 1
}
