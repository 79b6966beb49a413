/** Rows of the CSV that a unit test holds: maps of text by the names of the first line, empty fields null. */
import type { Config } from '../project/project.ts'
import type { UnitTestRows } from '../project/project-others.ts'

/** Rows that are not a query. */
export function rowsOf({ rows }: UnitTestRows): readonly Config[] {
  return typeof rows === 'string' ? parseCsvRows(rows) : (rows ?? [])
}

export function parseCsvRows(text: string): Config[] {
  const [names = [], ...records] = parseRecords(text)
  return records.map((record) =>
    Object.fromEntries(names.map((name, index) => [name, record[index] || null])),
  )
}

/** Fields may stand in double quotes, then with commas, line ends and doubled quotes inside; empty lines are no records. */
function parseRecords(text: string): string[][] {
  const records: string[][] = []
  let record: string[] = []
  for (const [, quoted, plain = '', end] of text.matchAll(
    /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g,
  )) {
    record.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    if (end === ',') continue
    if (record.length > 1 || record[0] !== '') records.push(record)
    record = []
  }
  return records
}
