/** Before traffic, every endpoint is tried against the real database. */
import { explainConnectError, isLoginRefused } from '../../core/clients/postgres.ts'
import { messageOf } from '../../core/errors.ts'
import { type Position, problem } from '../../core/problems.ts'
import { isOrdered } from '../sources/column-kind.ts'
import type { LakeSource } from '../sources/lake-source.ts'
import { isConnectionLost, isTableMissing, sqlStateOf } from '../sources/postgres-errors.ts'
import type { PostgresSource } from '../sources/postgres-source.ts'
import { checkTableRoles } from './check-table-roles.ts'
import { examinedPrefix, examineEndpoint } from './examine-endpoint.ts'
import type { EndpointFacts } from './facts.ts'
import { brokenEndpoint, type Endpoint } from './parse-endpoint.ts'
import { checkPersonalData } from './personal-data.ts'
import { rowAlias } from './statement.ts'

export type EndpointSources = {
  readonly postgres: Pick<PostgresSource, 'rows' | 'examine'>
  /** Undefined: endpoints over the lake are refused. */
  readonly lake?: LakeSource | undefined
  /** PostgreSQL's schema of names without one. */
  readonly schema: string
}

/**
 * Learns what an endpoint is; nothing of it is executed.
 * @throws `api/broken-endpoint`, `api/not-built`, and a lost connection as it is
 */
export async function checkEndpoint(
  endpoint: Endpoint,
  sources: EndpointSources,
): Promise<EndpointFacts> {
  try {
    if (endpoint.header.source === 'lake') {
      const facts = await lakeFacts(endpoint, sources.lake)
      checkColumns(endpoint, facts)
      return facts
    }
    const { postgres, schema } = sources
    const facts = await postgres.examine((ask) => examineEndpoint(endpoint, schema, ask))
    checkColumns(endpoint, facts)
    checkPage(endpoint, facts)
    await checkPersonalData(endpoint, facts, postgres)
    await checkTableRoles(endpoint, facts, postgres)
    return facts
  } catch (error) {
    throw explain(endpoint, error)
  }
}

/**
 * All of them, in the order given.
 * @param server names the database in messages
 * @throws `publish/postgres-unreachable`, `publish/login-refused`; an AggregateError of `api/broken-endpoint` and `api/not-built`
 */
export async function checkEndpoints<T>(
  endpoints: readonly Endpoint[],
  check: (endpoint: Endpoint) => Promise<T>,
  server: string,
): Promise<T[]> {
  const checked: T[] = []
  const problems: unknown[] = []
  for (const endpoint of endpoints) {
    try {
      checked.push(await check(endpoint))
    } catch (error) {
      if (error instanceof Error && (isConnectionLost(error) || isLoginRefused(error))) {
        throw explainConnectError(error, server)
      }
      problems.push(error)
    }
  }
  if (problems.length === 1) throw problems[0]
  if (problems.length > 0) throw new AggregateError(problems, 'endpoints')
  return checked
}

async function lakeFacts(endpoint: Endpoint, lake: LakeSource | undefined): Promise<EndpointFacts> {
  const at = { file: endpoint.file }
  if (lake === undefined) throw brokenEndpoint(endpoint.name, 'no lake is configured.', at)
  const columns = await lake
    .describe(endpoint.sql.text, endpoint.sql.names.length)
    .catch((cause: unknown) => {
      // The first line says what is wrong, the rest draws it.
      const reason = `${messageOf(cause).split('\n')[0]}.`
      const isMissing = /^Catalog Error: Table with name/.test(reason)
      if (!isMissing) throw brokenEndpoint(endpoint.name, reason, at)
      throw problem('api/not-built', { endpoint: endpoint.name, reason }, { at, cause })
    })
  return {
    schema: '',
    columns: columns.map((column) => ({ ...column, isPersonal: false })),
    relations: [],
    hasLedger: false,
    isMasked: false,
    isRepeatable: false,
    isTaggable: false,
  }
}

function checkColumns({ name, file }: Endpoint, { columns }: EndpointFacts): void {
  const names = columns.map((column) => column.name)
  const twice = names.find((column, index) => names.indexOf(column) !== index)
  const at = { file }
  if (twice !== undefined) throw brokenEndpoint(name, `two columns are named ${twice}.`, at)
  if (names.includes('?column?')) {
    throw brokenEndpoint(name, 'a column has no name; give it one with `as`.', at)
  }
  if (names.includes(rowAlias)) {
    throw brokenEndpoint(name, `no column may be named ${rowAlias}.`, at)
  }
}

function checkPage({ name, file, header }: Endpoint, { columns }: EndpointFacts): void {
  for (const key of header.page?.by ?? []) {
    const column = columns.find((one) => one.name === key)
    const refuse = (reason: string) => brokenEndpoint(name, `page.by: ${reason}.`, { file })
    if (column === undefined) throw refuse(`there is no column ${key}`)
    if (!isOrdered(column.kind.name))
      throw refuse(`${key} is of type ${column.type}, without order`)
    if (column.isPersonal) throw refuse(`${key} holds personal data`)
  }
}

function explain(endpoint: Endpoint, error: unknown): unknown {
  if (!(error instanceof Error) || sqlStateOf(error) === undefined) return error
  if (isConnectionLost(error) || isLoginRefused(error)) return error
  const reason = `${messageOf(error)}.`
  const at = positionOf(endpoint, error)
  if (isTableMissing(error)) {
    return problem('api/not-built', { endpoint: endpoint.name, reason }, { at, cause: error })
  }
  return brokenEndpoint(endpoint.name, reason, at)
}

/** PostgreSQL counts characters from 1 in the text it was sent. */
function positionOf(endpoint: Endpoint, error: unknown): Position {
  const given =
    typeof error === 'object' && error !== null && 'position' in error ? Number(error.position) : 0
  const all = `${examinedPrefix}${endpoint.sql.text}`
  const sent = [...all].slice(0, Math.max(0, given - 1)).join('')
  const offset = sent.length - examinedPrefix.length
  const inside = given > 0 && offset >= 0 && offset < endpoint.sql.text.length
  return inside ? endpoint.positionOf(offset) : { file: endpoint.file }
}
