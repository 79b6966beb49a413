/** Problems of the HTTP API: what a caller did, what an endpoint's author did, what is down. */
import { defineProblem } from './define.ts'

type Nearest = { readonly nearest?: string | undefined }

export const apiProblems = {
  'api/unknown-parameter': defineProblem<{ name: string; known: readonly string[] } & Nearest>({
    actor: 'user',
    message: ({ name, known }) =>
      `Unknown parameter ${name}; this endpoint takes ${known.join(', ') || 'none'}.`,
    hint: ({ nearest }) => (nearest === undefined ? 'leave it out.' : `did you mean ${nearest}?`),
    httpStatus: 400,
  }),
  'api/invalid-parameter': defineProblem<{ name: string; reason: string }>({
    actor: 'user',
    message: ({ name, reason }) => `Parameter ${name} ${reason}.`,
    httpStatus: 400,
  }),
  'api/values-out-of-range': defineProblem<Record<string, never>>({
    actor: 'user',
    message: () => 'With these parameters a value leaves the range that can be computed.',
    httpStatus: 400,
  }),
  'api/malformed-request': defineProblem<Record<string, never>>({
    actor: 'user',
    message: () => 'This request is malformed: its host name, its address, or how it is written.',
    httpStatus: 400,
  }),
  'api/request-too-slow': defineProblem<Record<string, never>>({
    actor: 'user',
    message: () => 'This request did not come whole in the time that it is given.',
    hint: () => 'send it again.',
    httpStatus: 408,
    retryable: true,
  }),
  'api/headers-too-large': defineProblem<{ limit: number }>({
    actor: 'user',
    message: ({ limit }) =>
      `The headers of a request may have ${limit} bytes, its address included.`,
    httpStatus: 431,
  }),
  'api/not-found': defineProblem<{ path: string }>({
    actor: 'user',
    message: ({ path }) => `There is nothing at ${path}.`,
    httpStatus: 404,
  }),
  'api/caller-left': defineProblem<Record<string, never>>({
    actor: 'user',
    message: () => 'Whoever asked this has left before the answer.',
    httpStatus: 499,
  }),
  'api/no-row': defineProblem<Record<string, never>>({
    actor: 'user',
    message: () => 'There is no such row.',
    httpStatus: 404,
  }),
  'api/method-not-allowed': defineProblem<{ method: string; allowed: readonly string[] }>({
    actor: 'user',
    message: ({ method, allowed }) => `${method} is not possible here, only ${allowed.join(', ')}.`,
    httpStatus: 405,
  }),
  'api/unauthorized': defineProblem<Record<string, never>>({
    actor: 'user',
    message: () => 'This needs a key or a token, and no valid one was sent.',
    hint: () => 'send it as `Authorization: Bearer …`, or a key as `X-Api-Key: …`.',
    httpStatus: 401,
  }),
  'api/too-many-requests': defineProblem<{ seconds: number }>({
    actor: 'user',
    message: () => 'That are more requests than are allowed in this time.',
    hint: ({ seconds }) => `try again in ${seconds} s.`,
    httpStatus: 429,
    retryable: true,
  }),
  'api/foreign-host': defineProblem<Record<string, never>>({
    actor: 'user',
    message: () =>
      'This server answers only requests of and for this machine, such as for localhost.',
    hint: () =>
      'it is open to everyone on this machine; with keys (api.access: required) it answers other names, and through proxies.',
    httpStatus: 421,
  }),
  'api/url-too-long': defineProblem<{ limit: number }>({
    actor: 'user',
    message: ({ limit }) => `An address may be ${limit} characters long.`,
    httpStatus: 414,
  }),
  'api/body-too-large': defineProblem<{ limit: number }>({
    actor: 'user',
    message: ({ limit }) => `A body may have ${limit} bytes.`,
    httpStatus: 413,
  }),
  'api/identity-unavailable': defineProblem<Record<string, never>>({
    actor: 'outside',
    message: () => 'Tokens cannot be checked at the moment.',
    hint: () => 'try again in a few seconds, or use a key.',
  }),
  'api/forbidden': defineProblem<Record<string, never>>({
    actor: 'user',
    message: () => 'Your roles do not allow this.',
    hint: () => 'ask whoever gave you the key for one with the role.',
    httpStatus: 403,
  }),
  'api/unknown-table': defineProblem<{ table: string } & Nearest>({
    actor: 'user',
    message: ({ table }) => `There is no table ${table}.`,
    hint: ({ nearest }) =>
      nearest === undefined ? 'GET /api/tables names them.' : `did you mean ${nearest}?`,
    httpStatus: 404,
  }),
  'api/unknown-column': defineProblem<{ column: string; table: string } & Nearest>({
    actor: 'user',
    message: ({ column, table }) => `The table ${table} has no column ${column}.`,
    hint: ({ nearest, table }) =>
      nearest === undefined
        ? `GET /api/tables/${table}/schema names them.`
        : `did you mean ${nearest}?`,
    httpStatus: 400,
  }),
  'api/invalid-filter': defineProblem<{ filter: string; reason: string }>({
    actor: 'user',
    message: ({ filter, reason }) => `The filter ${filter} ${reason}.`,
    hint: () => 'filters are written like user_id=eq.5; docs/reference/tables-api.md lists them.',
    httpStatus: 400,
  }),
  'api/masked-column': defineProblem<{ column: string }>({
    actor: 'user',
    message: ({ column }) =>
      `${column} holds personal data that your roles do not show, so it can neither be filtered nor ordered by.`,
    httpStatus: 403,
  }),
  'api/invalid-cursor': defineProblem<Record<string, never>>({
    actor: 'user',
    message: () => 'This cursor does not belong to this table, order and filters.',
    hint: () => 'begin again without cursor, and follow `next` of each answer.',
    httpStatus: 400,
  }),
  'api/no-key': defineProblem<{ table: string }>({
    actor: 'user',
    message: ({ table }) =>
      `The rows of ${table} have no key that you may see, so there are no pages of it.`,
    hint: () => 'take all of it with format=ndjson, csv, parquet or arrow.',
    httpStatus: 400,
  }),
  'api/not-acceptable': defineProblem<{ offered: readonly string[] }>({
    actor: 'user',
    message: ({ offered }) =>
      `None of the formats that are asked for is offered: ${offered.join(', ')}.`,
    httpStatus: 406,
  }),
  'api/too-many-rows': defineProblem<{ limit: number }>({
    actor: 'user',
    message: ({ limit }) => `The answer would have more than ${limit} rows.`,
    hint: () => 'filter it, or give a limit.',
    httpStatus: 400,
  }),
  'api/too-many-bytes': defineProblem<{ limit: number }>({
    actor: 'user',
    message: ({ limit }) => `The answer would have more than ${limit} bytes.`,
    hint: () => 'filter it, or give a limit.',
    httpStatus: 400,
  }),
  'api/too-many-exports': defineProblem<Record<string, never>>({
    actor: 'outside',
    message: () => 'As many exports as are allowed are running.',
    hint: () => 'try again when one has ended.',
  }),
  'api/database-unavailable': defineProblem<Record<string, never>>({
    actor: 'outside',
    message: () => 'The database does not answer at the moment.',
    hint: () => 'try again in a few seconds; /readyz says when it is back.',
  }),
  'api/table-missing': defineProblem<Record<string, never>>({
    actor: 'outside',
    message: () => 'A table that this endpoint reads is not published at the moment.',
    hint: () => 'try again after the next build.',
  }),
  'api/lake-unavailable': defineProblem<Record<string, never>>({
    actor: 'outside',
    message: () => 'The lake does not answer at the moment.',
    hint: () => 'try again in a few seconds.',
  }),
  'api/overloaded': defineProblem<Record<string, never>>({
    actor: 'outside',
    message: () => 'More requests are running than can be answered in time.',
    hint: () => 'try again in a few seconds.',
  }),
  'api/timeout': defineProblem<{ timeoutMs: number }>({
    actor: 'outside',
    message: ({ timeoutMs }) => `The query took longer than ${timeoutMs} ms and was stopped.`,
    hint: () => 'ask for less.',
    httpStatus: 504,
  }),
  'api/sql-invalid': defineProblem<{ reason: string }>({
    actor: 'user',
    message: ({ reason }) => `The query cannot be run: ${reason}`,
    httpStatus: 400,
  }),
  'api/sql-not-one-select': defineProblem<Record<string, never>>({
    actor: 'user',
    message: () => 'Only one SELECT statement can be run here.',
    hint: () =>
      'docs/reference/ad-hoc-sql.md says what is allowed; PIVOT works as `from (… pivot …)` with its values listed.',
    httpStatus: 400,
  }),
  'api/sql-table-refused': defineProblem<{ table: string; schemas: readonly string[] }>({
    actor: 'user',
    message: ({ table }) => `There is no table ${table} that you may read.`,
    hint: ({ schemas }) =>
      `tables of ${schemas.join(', ')} can be read, as ${schemas[0] ?? 'schema'}.<table>.`,
    httpStatus: 403,
  }),
  'api/sql-function-refused': defineProblem<{ name: string }>({
    actor: 'user',
    message: ({ name }) => `The function ${name} is not available here.`,
    httpStatus: 403,
  }),
  'api/sql-construct-refused': defineProblem<{ construct: string }>({
    actor: 'user',
    message: ({ construct }) => `${construct} is not allowed here.`,
    httpStatus: 403,
  }),
  'api/sql-too-large': defineProblem<{ what: 'memory' | 'answer' }>({
    actor: 'user',
    message: ({ what }) =>
      what === 'memory'
        ? 'The query needs more memory or disk than one query may use.'
        : 'A value or file of the answer is larger than an answer may be.',
    hint: () => 'ask for fewer rows or columns, or aggregate first.',
    httpStatus: 400,
  }),
  'api/sql-too-long': defineProblem<{ limit: number }>({
    actor: 'user',
    message: ({ limit }) => `A query may be ${limit} characters long.`,
    httpStatus: 413,
  }),
  'api/sql-too-many': defineProblem<{ limit: number }>({
    actor: 'user',
    message: ({ limit }) => `${limit} of your queries run or wait already.`,
    hint: () => 'wait for one of them to end.',
    httpStatus: 429,
    retryable: true,
  }),
  'api/sql-process-lost': defineProblem<Record<string, never>>({
    actor: 'outside',
    message: () => 'The process that ran the query ended before it had an answer.',
    hint: () => 'try again; when it happens again, the query asks for too much.',
  }),
  'api/sql-unavailable': defineProblem<Record<string, never>>({
    actor: 'outside',
    message: () => 'SQL of callers cannot be run at the moment.',
    hint: () => 'try again in a few seconds.',
  }),
  'api/unknown-user': defineProblem<{ userId: bigint }>({
    actor: 'user',
    message: ({ userId }) => `Nothing is predicted of user ${userId}.`,
    hint: () => 'a user is scored after the first event that a build has seen.',
    httpStatus: 404,
  }),
  'api/no-model': defineProblem<Record<string, never>>({
    actor: 'outside',
    message: () => 'No model is deployed that answers this, and it has published no scores.',
    hint: () =>
      'run `millrace ml score`, which publishes scores of users; to score features that you give, deploy a model.',
  }),
  'api/model-unavailable': defineProblem<Record<string, never>>({
    actor: 'outside',
    message: () => 'The model does not answer at the moment, and no stored score could be read.',
    hint: () => 'try again in a few seconds.',
  }),
  'api/not-ready': defineProblem<{ down: readonly string[] }>({
    actor: 'outside',
    message: ({ down }) => `Not ready: ${down.join(', ')} does not answer.`,
  }),
  'api/stopping': defineProblem<Record<string, never>>({
    actor: 'outside',
    message: () => 'This process is about to end and takes no new work.',
  }),
  'api/internal': defineProblem<Record<string, never>>({
    actor: 'us',
    message: () => 'Something failed on our side.',
    hint: () => 'report it with the request id.',
  }),
  'api/open-beyond-loopback': defineProblem<{ host: string }>({
    actor: 'user',
    message: ({ host }) =>
      `The API would be open to everyone who reaches ${host}: api.access is open, and that is no address of this machine alone.`,
    hint: () => 'set api.access to required and make a key with `millrace keys create`.',
  }),
  'api/no-credentials': defineProblem<{ host: string }>({
    actor: 'user',
    message: ({ host }) =>
      `Nobody could call the API on ${host}: it asks for credentials, there is no live key, and api.oidc is not set.`,
    hint: () => 'make a key with `millrace keys create --name … --role …`, or set api.oidc.issuer.',
  }),
  'api/keys-not-permitted': defineProblem<{ reason: string }>({
    actor: 'user',
    message: ({ reason }) =>
      `The keys of the API are out of reach of this PostgreSQL login: ${reason}`,
    hint: () =>
      'docs/reference/access.md says what a server needs; `millrace keys create` makes the schema millrace, or a table in it.',
  }),
  'api/unknown-key': defineProblem<{ prefix: string }>({
    actor: 'user',
    message: ({ prefix }) => `There is no key ${prefix}.`,
    hint: () => '`millrace keys list` shows the prefixes.',
  }),
  'api/broken-endpoint': defineProblem<{ endpoint: string; reason: string }>({
    actor: 'user',
    message: ({ endpoint, reason }) => `The endpoint ${endpoint} cannot be served: ${reason}`,
    hint: () => 'docs/reference/sql-endpoints.md shows how an endpoint is written.',
  }),
  'api/not-built': defineProblem<{ endpoint: string; reason: string }>({
    actor: 'user',
    message: ({ endpoint, reason }) =>
      `The endpoint ${endpoint} reads a table that is not there yet: ${reason}`,
    hint: () => 'run `millrace build` first; it makes and publishes the tables.',
  }),
  'api/no-endpoints': defineProblem<{ directory: string }>({
    actor: 'user',
    message: ({ directory }) => `There is no endpoint (*.sql) in ${directory}.`,
    hint: () =>
      'run this inside a Millrace project, or name one with --project-dir; docs/reference/sql-endpoints.md shows how to write one.',
  }),
  'api/port-taken': defineProblem<{ host: string; port: number }>({
    actor: 'user',
    message: ({ host, port }) => `Port ${port} of ${host} is in use by another program.`,
    hint: ({ port }) =>
      `stop what listens there (\`ss -ltnp 'sport = :${port}'\` names it), or choose another with --port (0 takes a free one).`,
  }),
  'api/cannot-listen': defineProblem<{ host: string; port: number; reason: string }>({
    actor: 'user',
    message: ({ host, port, reason }) => `Cannot listen on ${host}, port ${port}: ${reason}`,
    hint: () => 'choose another with --host and --port.',
  }),
}
