/**
 * A function as DuckDB has them: a macro, whose arguments are typed and whose result is cast to what it returns. An
 * aggregate is a macro over aggregates, and a function that returns a table is a table macro.
 */
import { quoteIdent } from '../../core/sql.ts'
import type { FunctionNode } from '../compile/graph.ts'
import { textConfig } from '../compile/graph.ts'
import type { Config } from '../project/project.ts'
import { plain, relationSql, type Statement } from './statement.ts'

/** @param body an expression or a query, which gives one value unless the function returns a table */
export function materializeFunction(node: FunctionNode, body: string): Statement {
  const name = `${relationSql(node.relation)}(${node.arguments.map(argumentSql).join(', ')})`
  const text = body.trim().replace(/;$/, '')
  if (textConfig(node.config, 'type') === 'table') {
    return plain(`create or replace macro ${name} as table\n${text}`)
  }
  const value = isQuery(text) ? `(\n${text}\n)` : text
  return plain(`create or replace macro ${name} as\n${castSql(value, node.returns)}`)
}

function argumentSql(argument: Config): string {
  const type = textConfig(argument, 'data_type')
  const fallback = textConfig(argument, 'default_value')
  return [
    quoteIdent(textConfig(argument, 'name') ?? ''),
    ...(type === undefined ? [] : [type]),
    ...(fallback === undefined ? [] : [':=', fallback]),
  ].join(' ')
}

function castSql(value: string, returns: Config): string {
  const type = textConfig(returns, 'data_type')
  return type === undefined || type === 'INVALID_TYPE'
    ? `(\n${value}\n)`
    : `cast((\n${value}\n) as ${type})`
}

/** What stands before it may be a comment. */
function isQuery(text: string): boolean {
  return /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*(?:select|with|from|values)\b/i.test(text)
}
