/** What was typed, kept in the state directory where only its owner can read it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isBlank, tokenizeSql } from '../../core/sql-tokens.ts'

const maxEntries = 1000
const secretWords = /secret|password|access_key|token/i

export type History = {
  /** Newest first, as readline wants them. */
  readonly entries: () => string[]
  /** Takes readline's list, newest first; statements with secrets are taken out of it. */
  readonly track: (entries: string[]) => void
  /** Makes one entry of the lines of a statement. */
  readonly join: (statement: string) => void
  readonly save: () => void
}

/** Opens the history; a missing or unreadable file is an empty one. */
export function openHistory(stateDir: string): History {
  const file = join(stateDir, 'sql-history')
  let entries = load(file)
  return {
    entries: () => [...entries],
    track: (current) => {
      if (secretWords.test(current[0] ?? '')) current.shift()
      entries = current
    },
    join: (statement) => {
      const lines = statement.split('\n').filter((line) => line.trim() !== '')
      for (const line of lines.reverse()) if (entries[0] === line) entries.shift()
      const joined = onOneLine(statement)
      if (!secretWords.test(joined)) entries.unshift(joined)
    },
    save: () => {
      try {
        mkdirSync(stateDir, { recursive: true, mode: 0o700 })
        const text = entries.slice(0, maxEntries).reverse().join('\n')
        writeFileSync(file, `${text}\n`, { mode: 0o600 })
      } catch {
        // A history that cannot be kept is no reason to fail.
      }
    },
  }
}

/** Comments are left out, because `--` would swallow the rest of the line. */
function onOneLine(statement: string): string {
  return tokenizeSql(statement)
    .map((token) => (isBlank(token) ? ' ' : token.text.replaceAll('\n', ' ')))
    .join('')
    .trim()
}

function load(file: string): string[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n')
    return lines.filter((line) => line !== '').reverse()
  } catch {
    return []
  }
}
