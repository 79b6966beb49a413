/** Problems of DuckDB, the lake and the object store. */
import { defineProblem } from './define.ts'

export const lakeProblems = {
  'lake/extension-missing': defineProblem<{ extension: string; directory: string }>({
    actor: 'user',
    message: ({ extension, directory }) =>
      `The DuckDB extension ${extension} is not in ${directory}.`,
    hint: () =>
      '`make setup` (or `millrace setup`) fetches the extensions; `millrace doctor` checks them.',
  }),
  'lake/version-mismatch': defineProblem<{ expected: string; actual: string }>({
    actor: 'user',
    message: ({ expected, actual }) =>
      `This release of Millrace works with DuckDB ${expected}, but ${actual} is installed.`,
    hint: () => 'run `make setup` again.',
  }),
  'lake/catalog-unreachable': defineProblem<{ catalog: string; reason: string }>({
    actor: 'outside',
    message: ({ catalog, reason }) => `The lake's catalog (${catalog}) does not answer: ${reason}`,
    hint: () =>
      '`millrace status` shows the local services; `millrace config` shows the address used.',
  }),
  'lake/conflict': defineProblem<{ attempts: number; reason: string }>({
    actor: 'outside',
    message: ({ attempts, reason }) =>
      `The lake could not commit after ${attempts} attempts, because others were writing: ${reason}`,
    hint: () => 'nothing was written; run it again.',
  }),
  'lake/locked': defineProblem<{ file: string; owner: string; timeoutMs: number }>({
    actor: 'outside',
    message: ({ file, owner, timeoutMs }) =>
      `${file} has been locked for more than ${timeoutMs} ms by process ${owner}.`,
    hint: () => 'nothing was written; run it again when that process is done.',
  }),
  'lake/fenced': defineProblem<{ what: string }>({
    actor: 'outside',
    message: ({ what }) => `Another ${what} has taken over; this one stopped without writing.`,
    hint: () => 'run only one of them against one lake.',
  }),
  'lake/file-registered': defineProblem<{ file: string; table: string }>({
    actor: 'us',
    message: ({ file, table }) => `${file} is already registered in ${table}.`,
  }),
  'lake/unknown-snapshot': defineProblem<{ at: string; catalog?: string }>({
    actor: 'user',
    message: ({ at }) => `The lake has no snapshot ${at}.`,
    hint: ({ catalog = 'lake' }) => `\`millrace sql "from ${catalog}.snapshots()"\` lists them.`,
  }),
  'lake/sql-failed': defineProblem<{ reason: string }>({
    actor: 'model',
    message: ({ reason }) => reason,
    httpStatus: 400,
  }),
  'lake/read-only': defineProblem<{ statement: string }>({
    actor: 'user',
    message: ({ statement }) => `${statement} would write, and this session is read-only.`,
    hint: () => 'add --write if that is what you want.',
  }),
  'lake/out-of-space': defineProblem<{ where: string; reason: string }>({
    actor: 'outside',
    message: ({ where, reason }) => `No space is left on ${where}: ${reason}`,
    hint: () => 'free some space and run it again; nothing half done is visible.',
  }),
  'lake/no-credentials': defineProblem<{ bucket: string }>({
    actor: 'user',
    message: ({ bucket }) => `There are no credentials for the bucket ${bucket}.`,
    hint: () =>
      "set s3.access_key_id and s3.secret_access_key, or give this process credentials of AWS's default chain (environment, profile or role).",
  }),
  'lake/store-unreachable': defineProblem<{ endpoint: string; operation: string; reason: string }>({
    actor: 'outside',
    message: ({ endpoint, operation, reason }) =>
      `The object store at ${endpoint} failed to ${operation}: ${reason}`,
    hint: () =>
      '`millrace status` shows the local services; `millrace config` shows the address used.',
  }),
  'lake/upkeep-changed-rows': defineProblem<{ tables: readonly string[]; snapshot: number }>({
    actor: 'us',
    message: ({ tables, snapshot }) =>
      `After merging and rewriting files, ${tables.join(', ')} no longer hold the rows of snapshot ${snapshot}; nothing was deleted.`,
    hint: () => '`millrace rollback` publishes an earlier state; please report this.',
  }),
  'lake/upkeep-failed': defineProblem<{ step: string; reason: string }>({
    actor: 'outside',
    message: ({ step, reason }) => `The step ${step} of the upkeep failed: ${reason}`,
    hint: () => 'the lake is as it was before that step; `millrace maintain` goes on from there.',
  }),
}
