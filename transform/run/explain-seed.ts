/** What keeps DuckDB from reading the file of a seed, in a few words: which line, what is wrong, what to do. */
import { readFile } from 'node:fs/promises'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { type SeedNode, textConfig } from '../compile/graph.ts'

/**
 * The error as one of ours when it is about the file; else itself.
 * @returns `model/ragged-seed` or `model/unreadable-seed` with the line of the file
 */
export async function explainSeedError(seed: SeedNode, error: unknown): Promise<unknown> {
  const text = messageOf(error)
  const { name, file } = seed
  const isShape = /error when sniffing file|Expected Number of Columns/i.test(text)
  const ragged = isShape ? findRagged(await textOf(seed), delimiterOf(seed)) : undefined
  if (ragged !== undefined) {
    const { line, ...counts } = ragged
    return problem('model/ragged-seed', { seed: name, line, ...counts }, { at: { file, line } })
  }
  const [, line] = /CSV Error on Line: (\d+)/.exec(text) ?? []
  if (line === undefined && !isShape) return error
  const [, original] = /^Original Line: (.*)$/m.exec(text) ?? []
  const reason = /^Error when converting .*$/m.exec(text)?.[0] ?? text.split('\n')[0] ?? ''
  const at = line === undefined ? { file } : { file, line: Number(line) }
  return problem('model/unreadable-seed', { seed: name, reason, original }, { at })
}

type RaggedRecord = {
  /** Where the record begins, from 1. */
  readonly line: number
  readonly values: number
  readonly columns: number
}

/** The first record that has not as many values as the header; one that is empty and too many harms nothing. */
export function findRagged(text: string, delimiter: string): RaggedRecord | undefined {
  const [header, ...records] = recordsOf(text, delimiter)
  if (header === undefined) return undefined
  const { length: columns } = header.values
  const isRagged = ({ values }: Record) =>
    values.length !== columns && !(values.length === columns + 1 && values.at(-1) === '')
  const found = records.find(isRagged)
  return found && { line: found.line, values: found.values.length, columns }
}

type Record = { readonly line: number; readonly values: readonly string[] }

/** Values may stand in double quotes, then with delimiters and line ends inside; empty lines are no records. */
function* recordsOf(text: string, delimiter: string): Generator<Record> {
  const mark = delimiter.replaceAll(/[^\w]/g, '\\$&')
  const value = new RegExp(`("(?:[^"]|"")*"|(?:(?!${mark})[^\\r\\n])*)(${mark}|\\r?\\n|$)`, 'gy')
  let line = 1
  let begun = 1
  let values: string[] = []
  for (const [whole, said = '', end] of text.matchAll(value)) {
    values.push(said)
    line += whole.split('\n').length - 1
    if (end === delimiter) continue
    if (values.length > 1 || values[0] !== '') yield { line: begun, values }
    values = []
    begun = line
  }
}

async function textOf({ absolutePath }: SeedNode): Promise<string> {
  return await readFile(absolutePath, 'utf8')
}

function delimiterOf({ config }: SeedNode): string {
  return textConfig(config, 'delimiter') ?? ','
}
