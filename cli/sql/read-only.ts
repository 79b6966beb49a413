/**
 * What a read-only session runs. The lake is attached read-only and the configuration is locked, so DuckDB
 * itself refuses to change them; this refuses what would write elsewhere: files, other databases, secrets.
 */
import { StatementType } from '@duckdb/node-api'
import { problem } from '../../core/problems.ts'
import type { SqlToken } from '../../core/sql-tokens.ts'

const readingWords = [
  'select',
  'from',
  'with',
  'values',
  'table',
  'show',
  'describe',
  'desc',
  'summarize',
  'explain',
  'pivot',
  'unpivot',
  'pragma',
  'call',
  'use',
  'set',
  'reset',
  'begin',
  'start',
  'commit',
  'rollback',
  'abort',
  'end',
  '(',
]

/** EXPLAIN has been looked through by then; a dynamic PIVOT makes a temporary enum type first. */
const readingTypes: readonly StatementType[] = [
  StatementType.SELECT,
  StatementType.EXPLAIN,
  StatementType.CALL,
  StatementType.SET,
  StatementType.VARIABLE_SET,
  StatementType.TRANSACTION,
  StatementType.RELATION,
]

/** Functions with effects outside the query, and those that run SQL given as text. */
const writingFunctions =
  /^(ducklake_)?(add_data_files|cleanup_old_files|delete_orphaned_files|expire_snapshots|flush_inlined_data|merge_adjacent_files|rewrite_data_files|set_commit_message|set_option|commit)$|^(postgres|mysql|sqlite)_(execute|query|attach)$|^(query|json_execute_serialized_sql|checkpoint|force_checkpoint|enable_logging|disable_logging|truncate_duckdb_logs|write_log|import_database|copy_database)$/

/**
 * Refuses a statement by its words, before DuckDB prepares it: preparing some (EXPORT) already writes.
 * @throws `lake/read-only`
 */
export function assertReadingWords(tokens: readonly SqlToken[]): void {
  const words = tokens.map((token) => token.text.toLowerCase())
  const [first = ''] = words
  const reads = readingWords.includes(first) || (first === 'create' && createsTemporary(words))
  if (!reads) throw refusal(first)
  if (first === 'explain') assertReadingWords(tokens.slice(explainedFrom(words)))
  assertReadingFunctions(tokens)
}

/** Refuses by what DuckDB's own parser says the statement is. @throws `lake/read-only` */
export function assertReadingType(type: StatementType, tokens: readonly SqlToken[]): void {
  const first = tokens[0]?.text.toLowerCase() ?? ''
  const temporary = ['create', 'pivot', 'from', 'with', 'select', '('].includes(first)
  if (type === StatementType.CREATE && temporary) return
  if (!readingTypes.includes(type)) throw refusal(StatementType[type] ?? first)
}

/** The tokens of what an EXPLAIN explains; DuckDB calls all of it EXPLAIN, and ANALYZE runs it. */
export function explainedTokens(tokens: readonly SqlToken[]): readonly SqlToken[] | undefined {
  const words = tokens.map((token) => token.text.toLowerCase())
  return words[0] === 'explain' ? tokens.slice(explainedFrom(words)) : undefined
}

function explainedFrom(words: readonly string[]): number {
  let index = 1
  if (words[index] === 'analyze') index++
  // `explain (format json) select …`, but `explain (select 1)` is a query in parentheses.
  if (words[index] === '(' && ['format', 'analyze'].includes(words[index + 1] ?? '')) {
    index = words.indexOf(')', index) + 1
    if (index === 0) return words.length
  }
  return index
}

function createsTemporary(words: readonly string[]): boolean {
  const rest = words[1] === 'or' && words[2] === 'replace' ? words.slice(3) : words.slice(1)
  const kind = rest[1] ?? ''
  return (
    /^temp(orary)?$/.test(rest[0] ?? '') && ['table', 'view', 'macro', 'function'].includes(kind)
  )
}

function assertReadingFunctions(tokens: readonly SqlToken[]): void {
  tokens.forEach((token, index) => {
    const called = tokens[index + 1]?.text === '('
    const pragma = index === 1 && tokens[0]?.text.toLowerCase() === 'pragma'
    if (!called && !pragma) return
    const name = token.kind === 'quoted-name' ? token.text.slice(1, -1) : token.text
    if (writingFunctions.test(name.toLowerCase())) throw refusal(`${name}()`)
  })
}

function refusal(statement: string): Error {
  return problem('lake/read-only', { statement: statement.toUpperCase() })
}
