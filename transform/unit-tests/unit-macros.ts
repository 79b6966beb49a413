/**
 * Unit tests by the macros of dbt, where a project has put its own in the place of one of them. They ask the project's
 * database, as in dbt, and the rows of an input need its relation to be there.
 */
import type { Materialization } from '../compile/find-materialization.ts'
import type { UnitTestNode } from '../compile/graph.ts'
import type { UnitTestCode, UnitTestInput } from '../compile/render-unit-test.ts'
import { toTemplateValue } from '../jinja/values.ts'
import type { NodeContext } from '../run/node-context.ts'
import { usesOfFixtures } from '../stdlib/macros/materialization-uses.ts'
import { RelationValue } from '../stdlib/relation.ts'
import { rowsOf } from './csv-rows.ts'

type Context = Pick<NodeContext, 'session' | 'state' | 'renderer'>

/** The rows of an input as a query; undefined where no macro of theirs is replaced. */
export async function fixtureByMacro(
  input: UnitTestInput,
  { renderer, session }: Context,
): Promise<string | undefined> {
  if (input.rows === undefined || !renderer.replaces(input.id, usesOfFixtures)) return undefined
  const names = new Map([['fixture_rows', toTemplateValue(rowsOf(input))]])
  const state = { isIncremental: false, database: session.database, names }
  return await renderer.renderText(input.id, '{{ get_fixture_sql(fixture_rows, none) }}', state)
}

/** @returns the query that the macros compare by: rows of both sides, told apart by `actual_or_expected` */
export async function askMacro(
  node: UnitTestNode,
  by: Materialization,
  { sql, model, expect }: UnitTestCode,
  { renderer, session, state }: Context,
): Promise<string> {
  const { catalog, schema } = state.relationOf(model) ?? { catalog: state.catalog, schema: '' }
  const relation = { catalog, schema, name: node.name }
  const names = new Map<string, unknown>([
    ['this', new RelationValue(node.id, relation, 'table')],
    ['database', catalog],
    ['schema', schema],
  ])
  const isSql = expect.format === 'sql'
  const config = {
    materialized: 'unit',
    expected_rows: isSql ? [] : rowsOf(expect),
    expected_sql: isSql ? expect.rows : null,
  }
  let sent = ''
  const write = (code: string) => {
    sent = code
  }
  const rendering = { isIncremental: false, database: session.database, names }
  await renderer.materialize(node.id, by, rendering, { code: sql, config, write })
  return sent
}
