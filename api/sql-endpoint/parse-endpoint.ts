/** An endpoint file, header and SQL, as plain data. */
import { basename } from 'node:path'
import { parseDocument } from 'yaml'
import { type MillraceError, messageOf } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { type Position, problem } from '../../core/problems.ts'
import { isBlank, tokenizeSql } from '../../core/sql-tokens.ts'
import { type BoundSql, bindParameters } from './bind-parameters.ts'
import { type EndpointHeader, headerSchema, type ParameterSpec } from './header.ts'
import { parseValue, sqlTypes } from './parse-value.ts'

export type Endpoint = {
  /** The file's name without `.sql`. */
  readonly name: string
  readonly file: string
  readonly header: EndpointHeader
  readonly sql: BoundSql
  /** The whole file; answers of one text are comparable. */
  readonly content: string
  /** The line and column of an offset in the bound SQL. */
  readonly positionOf: (offset: number) => Position
}

const headerPattern = /^\s*\/\*\s*---\r?\n(.*?)\n\s*---\s*\*\//s

/**
 * Reads an endpoint file: a comment of YAML between `---` lines, then one statement.
 * @throws `api/broken-endpoint` with the place in the file
 */
export function parseEndpoint(file: string, content: string): Endpoint {
  const name = basename(file, '.sql')
  const match = headerPattern.exec(content)
  if (match === null) {
    throw brokenEndpoint(name, 'it does not begin with a /* --- … --- */ comment of YAML.', {
      file,
      line: 1,
    })
  }
  const header = parseHeader(name, file, match[1] ?? '', content.indexOf(match[1] ?? ''), content)
  const statement = withoutSemicolon(content.slice(match[0].length))
  const start = match[0].length
  const at = (offset: number) => positionIn(content, file, start + offset)
  const sql = bindParameters(statement, (parameter) => {
    const spec = specOf(header, parameter)
    return spec === undefined ? 'text' : sqlTypes[spec.type]
  })
  checkStatement(name, statement, header, at)
  const positionOf = (offset: number) => at(sql.sourceOffset(offset))
  return { name, file, header, sql, content, positionOf }
}

/** The error of an endpoint that cannot be served. */
export function brokenEndpoint(endpoint: string, reason: string, at: Position): MillraceError {
  return problem('api/broken-endpoint', { endpoint, reason }, { at })
}

function parseHeader(
  name: string,
  file: string,
  yaml: string,
  offset: number,
  content: string,
): EndpointHeader {
  const document = parseDocument(yaml, { prettyErrors: false })
  const at = (inYaml: number) => positionIn(content, file, offset + inYaml)
  const broken = document.errors[0]
  if (broken !== undefined) {
    throw brokenEndpoint(name, `its header is not YAML: ${broken.message}`, at(broken.pos[0]))
  }
  const parsed = headerSchema.safeParse(document.toJS())
  const issue = parsed.error?.issues[0]
  if (parsed.data === undefined || issue !== undefined) {
    const path = issue?.path ?? []
    const reason =
      issue?.code === 'unrecognized_keys' ? unknownKey(path, issue.keys) : issue?.message
    const node = document.getIn(path, true)
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : null
    const place = Array.isArray(range) && typeof range[0] === 'number' ? range[0] : 0
    throw brokenEndpoint(name, `${path.join('.') || 'its header'}: ${reason}.`, at(place))
  }
  checkParameters(name, parsed.data, at(0))
  checkCombination(name, parsed.data, at(0))
  return parsed.data
}

const ownPaths = /^\/api\/(tables|predictions|sql)(?=\/|$)/

/** What each key allows, and several do not allow together. */
function checkCombination(name: string, header: EndpointHeader, at: Position): void {
  const { page, parameters, path, personal_data: personal } = header
  const refuse = (reason: string) => brokenEndpoint(name, reason, at)
  const taken = ownPaths.exec(path)?.[0]
  if (taken !== undefined) throw refuse(`path: ${taken} belongs to the API itself.`)
  if (/\/\.\.?(\/|$)/.test(path)) throw refuse('path: nobody can ask for . or .. in an address.')
  if (page !== undefined) {
    if (header.shape === 'object') throw refuse('an object has no pages.')
    if (header.source === 'lake') throw refuse('only endpoints over postgres have pages.')
    if (page.size > page.max_size) throw refuse('page.size is larger than page.max_size.')
    const own = ['cursor', 'limit'].find((word) => Object.hasOwn(parameters, word))
    if (own !== undefined) throw refuse(`${own} is a parameter of every page already.`)
  }
  if (header.source === 'lake' && personal !== 'none' && personal !== 'refuse') {
    const reason = 'the columns of the lake are not masked: say personal_data: none or refuse.'
    throw refuse(reason)
  }
  if (header.source === 'lake' && header.table_roles !== 'waive') {
    const reason =
      'which roles tables ask for is not known in the lake: say table_roles: waive, and by roles who may call it.'
    throw refuse(reason)
  }
}

function unknownKey(path: readonly PropertyKey[], keys: readonly string[]): string {
  const known =
    path.length === 0 ? headerSchema.shape : headerSchema.shape.parameters.unwrap().valueType.shape
  const close = nearest(keys[0] ?? '', Object.keys(known))
  return `unknown key ${keys[0]}${close === undefined ? '' : `; did you mean ${close}?`}`
}

/** Defaults obey the declared limits, and every name of the path is declared. */
function checkParameters(name: string, header: EndpointHeader, at: Position): void {
  for (const [parameter, spec] of Object.entries(header.parameters)) {
    checkEnum(name, parameter, spec, at)
    if (spec.default === undefined || spec.default === null) continue
    try {
      parseValue(parameter, String(spec.default), spec)
    } catch (error) {
      throw brokenEndpoint(name, `the default of ${parameter}: ${messageOf(error)}`, at)
    }
  }
  for (const parameter of pathParameters(header.path)) {
    if (specOf(header, parameter) === undefined) {
      throw brokenEndpoint(name, `its path names {${parameter}}, which parameters does not.`, at)
    }
  }
}

function checkEnum(name: string, parameter: string, spec: ParameterSpec, at: Position): void {
  const isNumeric = spec.type === 'integer' || spec.type === 'number'
  const type = isNumeric ? 'number' : spec.type === 'string' ? 'string' : undefined
  const wrong = spec.enum?.find((value) => typeof value !== type)
  if (wrong === undefined) return
  throw brokenEndpoint(name, `the enum of ${parameter}: ${wrong} is not of its type.`, at)
}

/** Own keys only: a parameter may be called `constructor`. */
function specOf(header: EndpointHeader, parameter: string): ParameterSpec | undefined {
  return Object.hasOwn(header.parameters, parameter) ? header.parameters[parameter] : undefined
}

/** The names in braces of a path. */
export function pathParameters(path: string): string[] {
  return [...path.matchAll(/\{([a-z0-9_]+)\}/g)].map((match) => match[1] ?? '')
}

function checkStatement(
  name: string,
  sql: string,
  header: EndpointHeader,
  at: (offset: number) => Position,
): void {
  const tokens = tokenizeSql(sql)
  const used = new Set<string>()
  for (const token of tokens) {
    if (!token.closed)
      throw brokenEndpoint(name, `${token.text[0]} is never closed.`, at(token.start))
    if (token.text === ';')
      throw brokenEndpoint(name, 'it has more than one statement.', at(token.start))
    if (token.kind !== 'parameter') continue
    const parameter = token.text.slice(1)
    used.add(parameter)
    if (specOf(header, parameter) === undefined) {
      const close = nearest(parameter, Object.keys(header.parameters))
      const hint = close === undefined ? '' : ` Did you mean :${close}?`
      throw brokenEndpoint(
        name,
        `:${parameter} is not declared in its header.${hint}`,
        at(token.start),
      )
    }
  }
  if (tokens.every(isBlank)) throw brokenEndpoint(name, 'it has no SQL.', at(0))
  const idle = Object.keys(header.parameters).find((parameter) => !used.has(parameter))
  if (idle !== undefined) throw brokenEndpoint(name, `its SQL does not use :${idle}.`, at(0))
}

function withoutSemicolon(sql: string): string {
  const last = tokenizeSql(sql).findLast((token) => !isBlank(token))
  return last?.text === ';' ? sql.slice(0, last.start) : sql
}

function positionIn(content: string, file: string, offset: number): Position {
  const before = content.slice(0, offset).split('\n')
  return { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}
