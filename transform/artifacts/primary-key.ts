/** The columns that identify a model's rows, as far as its constraints and data tests tell. */
import type { Graph, ModelNode, TestNode } from '../compile/graph.ts'
import { listOf } from './json.ts'

/** In dbt's order: a constraint of the model, of a column, unique and not_null tests, unique tests alone. */
export function primaryKeyOf(model: ModelNode, graph: Graph): readonly string[] {
  const whole = model.constraints.find(({ type }) => type === 'primary_key')
  if (whole !== undefined) return listOf(whole['columns']).map(String)
  const column = model.columns.find(({ constraints }) =>
    constraints.some(({ type }) => type === 'primary_key'),
  )
  return column === undefined ? keyByTests(testsOf(model, graph)) : [column.name]
}

function keyByTests(tests: readonly TestNode[]): readonly string[] {
  const unique = new Set<string>()
  const notNull = new Set<string>()
  for (const { generic } of tests) {
    const test = generic?.test.split('.').at(-1) ?? ''
    const columns = generic === undefined ? [] : testedColumns(generic)
    if (test === 'unique' || test === 'unique_combination_of_columns') {
      for (const name of columns) unique.add(name)
    }
    if (test === 'not_null') for (const name of columns) notNull.add(name)
  }
  const both = [...notNull].filter((name) => unique.has(name))
  return both.length > 0 ? both : [...unique]
}

function testedColumns(generic: NonNullable<TestNode['generic']>): readonly string[] {
  const { column_name: named, combination_of_columns: several } = generic.arguments
  const one = generic.column ?? named
  if (typeof one === 'string') return [one]
  return listOf(several).filter((name) => typeof name === 'string')
}

const byGraph = new WeakMap<Graph, Map<string, TestNode[]>>()

/** Looked up once a graph: a manifest asks for every model. */
function testsOf(model: ModelNode, graph: Graph): readonly TestNode[] {
  const known = byGraph.get(graph)
  if (known !== undefined) return known.get(model.id) ?? []
  const tests = [...graph.nodes.values()].filter((node) => node.kind === 'test')
  const bySubject = Map.groupBy(tests, ({ generic }) => generic?.subject ?? '')
  byGraph.set(graph, bySubject)
  return bySubject.get(model.id) ?? []
}
