/** What OpenAPI says of `/api/tables`. */
import { formatNames, formats } from '../formats/format.ts'
import type { OpenApiOperation, OpenApiPaths, OpenApiValue } from '../openapi/paths.ts'
import { pageLimits } from './answer-page.ts'

const text = { type: 'string' } as const
const description = 'docs/reference/tables-api.md'

const nameParameter: OpenApiValue = {
  name: 'name',
  in: 'path',
  required: true,
  description: 'One of the names of `GET /api/tables`',
  example: 'users',
  schema: text,
}

const columnSchema: OpenApiValue = {
  type: 'object',
  required: ['name', 'type', 'postgres_type', 'nullable', 'pii', 'masked', 'filterable'],
  properties: {
    name: text,
    type: { enum: ['integer', 'number', 'boolean', 'string', 'array', 'any'] },
    postgres_type: text,
    nullable: { type: 'boolean' },
    description: text,
    pii: { type: 'boolean', description: 'Holds personal data' },
    masked: { type: 'boolean', description: 'Comes as null for you' },
    filterable: { type: 'boolean', description: 'Can be compared and ordered by' },
  },
}

const tableSchema: OpenApiValue = {
  type: 'object',
  required: ['name', 'url', 'version', 'as_of', 'rows_estimate', 'unique_key', 'columns'],
  properties: {
    name: text,
    description: text,
    url: text,
    version: { type: 'integer', description: 'Snapshot of the lake' },
    as_of: { type: 'string', format: 'date-time' },
    rows_estimate: { type: 'integer' },
    unique_key: { type: 'array', items: text },
    columns: { type: 'array', items: columnSchema },
  },
}

const pageSchema: OpenApiValue = {
  type: 'object',
  required: ['data', 'next'],
  properties: {
    data: { type: 'array', items: { type: 'object' } },
    next: { type: ['string', 'null'], description: 'The cursor of the next page' },
    count: { type: 'integer', description: 'Of all rows; only when it is asked for' },
  },
}

const problems = {
  400: problem('A parameter, column, filter or cursor is wrong; the answer names it'),
  403: problem('Your roles do not allow this table, or this column in a filter or order'),
  404: problem('There is no such table'),
} as const

/** The paths of this feature; they are the same whatever is published. */
export function describeTables(): OpenApiPaths {
  return {
    '/api/tables': { get: listOperation() },
    '/api/tables/{name}': { get: rowsOperation() },
    '/api/tables/{name}/schema': { get: schemaOperation() },
  }
}

function listOperation(): OpenApiOperation {
  const list = { type: 'object', required: ['data'], properties: { data: arrayOf(tableSchema) } }
  return {
    operationId: 'listTables',
    summary: 'The tables that you may read',
    tags: ['tables'],
    responses: { 200: json('Sorted by name', list), 400: problems[400] },
  }
}

function schemaOperation(): OpenApiOperation {
  return {
    operationId: 'describeTable',
    summary: 'Columns, key and version of one table',
    tags: ['tables'],
    parameters: [nameParameter],
    responses: { 200: json('The table', tableSchema), ...problems },
  }
}

function rowsOperation(): OpenApiOperation {
  const content = Object.fromEntries(
    formatNames.map((name) => [
      formats[name].contentType,
      { schema: name === 'json' ? pageSchema : binaryOrText(name) },
    ]),
  )
  return {
    operationId: 'readTable',
    summary: 'Rows of a table, filtered, ordered, by pages or as a whole',
    description: `Every other parameter is a filter, as in \`user_id=eq.5\`; see ${description}.`,
    tags: ['tables'],
    parameters: [nameParameter, ...rowParameters()],
    responses: {
      200: { description: 'The rows, and which version of the table they are', headers, content },
      304: { description: 'You have them already' },
      ...problems,
      406: problem('None of the formats that `Accept` asks for is offered'),
      503: problem('The database does not answer, or too many exports are running'),
      504: problem('It took too long'),
    },
  }
}

const headers: OpenApiValue = {
  'X-Table-Version': { description: '`users=57`: snapshot of the lake', schema: text },
  'X-As-Of': { description: 'Up to when the rows are right', schema: text },
  'X-Total-Count': { description: 'With `count`', schema: { type: 'integer' } },
  'X-Truncated': {
    description: '`true`: rows are missing and there is no key to go on by',
    schema: text,
  },
  Link: { description: 'The next page', schema: text },
  ETag: { description: 'Only of tables that nobody but Millrace writes', schema: text },
}

function rowParameters(): OpenApiValue[] {
  const query = (name: string, schema: OpenApiValue, meaning: string): OpenApiValue => {
    return { name, in: 'query', required: false, description: meaning, schema }
  }
  return [
    query('select', text, 'Columns, by commas; default: all'),
    query('order', text, 'As in `a.desc.nullslast,b`'),
    query(
      'limit',
      { type: 'integer', minimum: 1 },
      `Rows; of a JSON page ${pageLimits.defaultRows} unless said, at most ${pageLimits.maxRows}`,
    ),
    query('cursor', text, 'Go on behind the page whose `next` this is'),
    query('count', { enum: ['exact', 'estimated'] }, 'Count all rows too; only with JSON'),
    query('format', { enum: [...formatNames] }, 'Instead of `Accept`'),
    query(
      'escape_formulas',
      { enum: ['true', 'false'] },
      'Only with CSV: text stays text in a spreadsheet',
    ),
    query('or', text, 'As in `(a.eq.1,and(b.gt.2,c.is.null))`'),
    query('and', text, 'As in `(a.gt.1,a.lt.5)`'),
  ]
}

function binaryOrText(name: string): OpenApiValue {
  return name === 'parquet' || name === 'arrow' ? { type: 'string', format: 'binary' } : text
}

function arrayOf(items: OpenApiValue): OpenApiValue {
  return { type: 'array', items }
}

function json(meaning: string, schema: OpenApiValue): OpenApiValue {
  return { description: meaning, content: { 'application/json': { schema } } }
}

function problem(meaning: string): OpenApiValue {
  const content = { 'application/problem+json': { schema: { type: 'object' } } }
  return { description: meaning, content }
}
