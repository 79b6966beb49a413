/** Problems of the registrar: landed files to lake tables. */
import { defineProblem } from './define.ts'

export const registrarProblems = {
  'register/file-missing': defineProblem<{ file: string; entry: string; bucket: string }>({
    actor: 'user',
    message: ({ file, entry, bucket }) =>
      `${file} is not in bucket ${bucket}, although the ledger entry ${entry} names it.`,
    hint: () =>
      'nothing was registered. Restore the object from the bucket’s versions: landing files may be deleted only after they are registered.',
  }),
  'register/rows-differ': defineProblem<{
    table: string
    expected: number
    actual: number
    entries: string
  }>({
    actor: 'us',
    message: ({ table, expected, actual, entries }) =>
      `${table}: the ledger entries ${entries} hold ${expected} records, but ${actual} rows were read from their files.`,
    hint: () => 'nothing was registered. `millrace audit` shows which file differs.',
  }),
  'register/column-type': defineProblem<{
    table: string
    column: string
    tableType: string
    file: string
    fileType: string
  }>({
    actor: 'user',
    message: ({ table, column, tableType, file, fileType }) =>
      `${table}.${column} is ${tableType}, but ${file} holds it as ${fileType}.`,
    hint: () =>
      'nothing was registered. Give the new meaning a new column name in the topic schema; columns are added, never changed.',
  }),
}
