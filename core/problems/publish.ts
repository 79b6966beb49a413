/** Problems of publishing into PostgreSQL, and of PostgreSQL itself. */
import { defineProblem } from './define.ts'

export const publishProblems = {
  'publish/postgres-unreachable': defineProblem<{ server: string; reason: string }>({
    actor: 'outside',
    message: ({ server, reason }) => `${server} does not answer: ${reason}`,
    hint: () =>
      '`millrace status` shows the local services; `millrace config` shows the address used.',
  }),
  'publish/login-refused': defineProblem<{ server: string; reason: string }>({
    actor: 'user',
    message: ({ server, reason }) => `${server} refuses the login: ${reason}`,
    hint: () => 'correct the user, password or database in postgres.url.',
  }),
  'publish/out-of-space': defineProblem<{ server: string; reason: string }>({
    actor: 'outside',
    message: ({ server, reason }) => `${server} has no space left: ${reason}`,
    hint: () => 'readers still see the last publish; free some space and run it again.',
  }),
  'publish/blocked': defineProblem<{ table: string; waitedMs: number; holders: string }>({
    actor: 'outside',
    message: ({ table, waitedMs, holders }) =>
      `${table} could not be exchanged within ${waitedMs} ms, because others hold it: ${holders}.`,
    hint: () =>
      'readers still see the last publish; run it again when those transactions have ended.',
  }),
  'publish/busy': defineProblem<{ schema: string; waitedMs: number }>({
    actor: 'outside',
    message: ({ schema, waitedMs }) =>
      `Another publish into the schema ${schema} has been going on for ${waitedMs} ms.`,
    hint: () => 'run it again when that one is done.',
  }),
  'publish/bad-settings': defineProblem<{ model: string; reason: string }>({
    actor: 'user',
    message: ({ model, reason }) => `The publish settings of ${model} are wrong: ${reason}`,
    hint: () => 'docs/reference/publish.md lists them.',
  }),
  'publish/not-built': defineProblem<{ model: string; relation: string; snapshot: number }>({
    actor: 'user',
    message: ({ model, relation, snapshot }) =>
      `${model} cannot be published: snapshot ${snapshot} of the lake has no table ${relation}.`,
    hint: ({ model }) => `build it first: \`millrace build --select ${model}\`.`,
  }),
  'publish/foreign-table': defineProblem<{ table: string; differences: string }>({
    actor: 'user',
    message: ({ table, differences }) =>
      `PostgreSQL has a table ${table} already, and it is not the one Millrace makes: ${differences}.`,
    hint: () => 'rename that table, or publish into another schema (setting postgres.schema).',
  }),
  'publish/not-ours': defineProblem<{ model: string; table: string }>({
    actor: 'user',
    message: ({ model, table }) =>
      `${model} would replace ${table}, which Millrace did not make. Nothing was published.`,
    hint: () => 'use strategy merge, another table name, or rename that table.',
  }),
  'publish/has-dependents': defineProblem<{ model: string; table: string; dependents: string }>({
    actor: 'user',
    message: ({ model, table, dependents }) =>
      `${model} cannot replace ${table}, because this depends on it: ${dependents}.`,
    hint: () =>
      'use strategy merge, which keeps the table, or drop what depends on it and try again.',
  }),
  'publish/unsupported-type': defineProblem<{ model: string; column: string; type: string }>({
    actor: 'model',
    message: ({ model, column, type }) =>
      `${model}.${column} is ${type}, which PostgreSQL has no column type for.`,
    hint: () => 'cast it in the model, for example to varchar or to decimal(38, 0).',
  }),
  'publish/unknown-column': defineProblem<{ model: string; table: string; columns: string }>({
    actor: 'user',
    message: ({ model, table, columns }) =>
      `${model} has columns that ${table} lacks, or the other way round: ${columns}.`,
    hint: () => 'add them to the table, leave them out of the model, or use strategy swap.',
  }),
  'publish/value-does-not-fit': defineProblem<{
    model: string
    column: string
    type: string
    key: string
    value: string
  }>({
    actor: 'model',
    message: ({ model, column, type, key, value }) =>
      `${model}.${column} does not fit ${type}: ${value} in the row ${key}.`,
    hint: () => 'shorten or filter it in the model, or widen the column in PostgreSQL.',
  }),
  'publish/value-refused': defineProblem<{ model: string; reason: string }>({
    actor: 'model',
    message: ({ model, reason }) => `PostgreSQL refused a value of ${model}: ${reason}`,
    hint: () => 'filter or cast it in the model. Nothing was published.',
  }),
  'publish/duplicate-key': defineProblem<{ model: string; key: string; count: number }>({
    actor: 'model',
    message: ({ model, key, count }) => `${model} has ${count} rows with the key ${key}.`,
    hint: () => 'its unique_key has to be unique; a `unique` test would have caught it.',
  }),
  'publish/null-key': defineProblem<{ model: string; key: string; count: number }>({
    actor: 'model',
    message: ({ model, key, count }) =>
      `${model} has ${count} rows in which the key ${key} is NULL.`,
    hint: () => 'filter them in the model; a `not_null` test would have caught it.',
  }),
  'publish/constraint-violated': defineProblem<{
    table: string
    constraint: string
    detail: string
  }>({
    actor: 'model',
    message: ({ table, constraint, detail }) =>
      `The rows break the constraint ${constraint} of ${table}: ${detail}`,
    hint: () => 'nothing was published; correct the rows, or the constraint.',
  }),
  'publish/denied': defineProblem<{ reason: string }>({
    actor: 'user',
    message: ({ reason }) => `PostgreSQL does not allow it: ${reason}`,
    hint: () =>
      'nothing was published; grant the right to the user of postgres.url, or correct the role.',
  }),
}
