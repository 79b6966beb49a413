/**
 * A function as DuckDB has them: a macro whose result is cast to what it returns. Only newer database files take types of
 * arguments, so a second macro holds the body, and the first hands it the arguments cast. An aggregate is a macro over
 * aggregates, and a function that returns a table is a table macro.
 */
import { quoteIdent } from '../../core/sql.ts'
import { type FunctionNode, type Relation, textConfig } from '../compile/graph.ts'
import type { Config } from '../project/project.ts'
import { plain, relationSql, type Statement } from './statement.ts'

/** @param body an expression or a query, which gives one value unless the function returns a table */
export function materializeFunction(node: FunctionNode, body: string): Statement[] {
  const text = body.trim().replace(/;$/, '')
  const isTable = textConfig(node.config, 'type') === 'table'
  const inner = { ...node.relation, name: bodyOf(node.relation.name) }
  const names = node.arguments.map(nameOf)
  const given = node.arguments.map(castArgument)
  const call = `${relationSql(inner)}(${given.join(', ')})`
  const outer = node.arguments.map(withDefault)
  return isTable
    ? [
        create(inner, names, `table\n${text}`),
        create(node.relation, outer, `table\nselect * from ${call}`),
      ]
    : [
        create(inner, names, `(\n${text}\n)`),
        create(node.relation, outer, castSql(call, textConfig(node.returns, 'data_type'))),
      ]
}

/** Name of the macro that holds the body of a function. */
export function bodyOf(name: string): string {
  return `${name}__body`
}

function create(relation: Relation, names: readonly string[], body: string): Statement {
  return plain(`create or replace macro ${relationSql(relation)}(${names.join(', ')}) as ${body}`)
}

function nameOf(argument: Config): string {
  return quoteIdent(textConfig(argument, 'name') ?? '')
}

function withDefault(argument: Config): string {
  const fallback = textConfig(argument, 'default_value')
  return fallback === undefined ? nameOf(argument) : `${nameOf(argument)} := ${fallback}`
}

function castArgument(argument: Config): string {
  return castSql(nameOf(argument), textConfig(argument, 'data_type'))
}

/** @param type undefined where the schema file says none */
function castSql(value: string, type: string | undefined): string {
  return type === undefined || type === 'INVALID_TYPE' ? value : `cast(${value} as ${type})`
}
