/**
 * Data tests of one relation that are answered by one query. A batch only finds out which tests pass: those that do
 * not, and those that it cannot tell, are run by themselves, so that their count, rows and message are the test's
 * own. What may share a query: dbt's four generic tests, on a plain column, of the same rows (the same relation and
 * the same `where`), where no failing row means a pass.
 */
import type { TestNode } from '../compile/graph.ts'
import type { StandardTest } from '../compile/standard-test.ts'
import type { RunnableNode, Stage } from '../plan/plan-run.ts'
import type { NodeRenderer } from './node-renderer.ts'
import { testsNewRows } from './test-new-rows.ts'
import { passed, type TestContext } from './test-node.ts'
import { passesWithoutRows, testSettings } from './test-settings.ts'
import type { Tested } from './tested.ts'

type BatchRenderer = Pick<NodeRenderer, 'standardTest' | 'flag' | 'replacing'>

/** A test that can share a query with others. */
type BatchTest = { readonly id: string; readonly standard: StandardTest }

type TestBatches = {
  /** Each of at least two tests, in the order of the plan; all of a batch wait for the same nodes or fewer. */
  readonly batches: readonly (readonly TestNode[])[]
  /** Those that run by themselves. */
  readonly others: readonly TestNode[]
}

/**
 * What a test shares with those that one query can answer with it: the tested rows as they stand in SQL. Undefined
 * for a test that runs by itself.
 */
export function batchKey(node: TestNode, renderer: BatchRenderer): string | undefined {
  return batchTestOf(node, renderer)?.standard.from
}

/** The tests of a plan by what they share. */
export class TestGroups {
  readonly #stages: readonly Stage[]
  readonly #renderer: BatchRenderer
  #groups: ReadonlyMap<string, readonly TestNode[]> | undefined

  constructor(stages: readonly Stage[], renderer: BatchRenderer) {
    this.#stages = stages
    this.#renderer = renderer
  }

  /** The tests that one query could answer together with this node, which is among them; none when it is no such test. */
  around(node: RunnableNode): readonly TestNode[] {
    if (node.kind !== 'test' || node.generic === undefined) return []
    this.#groups ??= this.#groupAll()
    return this.#groups.get(node.id) ?? []
  }

  #groupAll(): ReadonlyMap<string, readonly TestNode[]> {
    const tests = this.#stages.flatMap(({ node }) => (node.kind === 'test' ? [node] : []))
    const { batches } = groupTests(tests, (test) => batchKey(test, this.#renderer))
    return new Map(batches.flatMap((batch) => batch.map(({ id }) => [id, batch] as const)))
  }
}

/**
 * Groups tests that are ready at the same time.
 * @param keyOf of a test; those with the same key can share a query
 */
export function groupTests(
  nodes: readonly TestNode[],
  keyOf: (node: TestNode) => string | undefined,
): TestBatches {
  const groups = Map.groupBy(nodes, keyOf)
  const batches = [...groups].flatMap(([key, group]) => {
    return key === undefined || group.length < 2 ? [] : [group]
  })
  const batched = new Set(batches.flat())
  return { batches, others: nodes.filter((node) => !batched.has(node)) }
}

/**
 * Runs a batch.
 * @returns the tests that pass, by id; run the others by themselves
 * @throws DuckDB's error when the query failed: run all by themselves. In a transaction that was lost with it, the
 *   error is the one of the test that `suspectOf` names.
 */
export async function executeBatch(
  nodes: readonly TestNode[],
  { session, renderer }: Pick<TestContext, 'session' | 'renderer'>,
): Promise<ReadonlyMap<string, Tested>> {
  const tests = nodes.flatMap((node) => batchTestOf(node, renderer) ?? [])
  if (tests.length === 0) return new Map()
  const [row = {}] = await session.query(batchSql(tests))
  // A column that is not there, or null, is no proof.
  const isClean = (index: number) => row[`t${index}`] === 0n || row[`t${index}`] === false
  return new Map(tests.flatMap(({ id }, index) => (isClean(index) ? [[id, passed] as const] : [])))
}

/** Whose error it was, should the query of a batch have failed: the test that compares values. */
export function suspectOf(nodes: readonly TestNode[]): TestNode | undefined {
  const compares = (node: TestNode) =>
    node.generic?.test === 'accepted_values' || node.generic?.test === 'relationships'
  return nodes.find(compares) ?? nodes[0]
}

/** An expression may be anything, `count(*) over ()` for one; only a name is sure to mean the same elsewhere. */
const plainColumn = /^\s*(?:[A-Za-z_]\w*|"(?:[^"]|"")+")\s*$/

function batchTestOf(node: TestNode, renderer: BatchRenderer): BatchTest | undefined {
  if (node.generic === undefined || node.config['sql_header'] != null) return undefined
  if (testsNewRows(node) || renderer.replacing(node.id) !== undefined) return undefined
  // What is wrong with a test's settings is said when it runs by itself.
  if (!mayPassUnseen(node, renderer)) return undefined
  const standard = renderer.standardTest(node.id)
  return standard !== undefined && plainColumn.test(standard.column)
    ? { id: node.id, standard }
    : undefined
}

function mayPassUnseen(node: TestNode, renderer: Pick<NodeRenderer, 'flag'>): boolean {
  try {
    const settings = testSettings(node, renderer)
    // A relation of failing rows is made anew even when there are none.
    return settings.keptAs === undefined && passesWithoutRows(settings)
  } catch {
    return false
  }
}

/**
 * One row with a column `t<n>` for each test: 0 or false when nothing fails. Never so when something does; the other
 * way round it may err, for then the test is run by itself.
 */
function batchSql(tests: readonly BatchTest[]): string {
  const columns = tests.map(({ standard }, index) => `  ${doubtOf(standard)} as t${index}`)
  const counted = tests.find(({ standard }) => counts(standard))
  // Without an aggregate, FROM would give a row for each of the relation's.
  const from = counted === undefined ? '' : `\nfrom ${counted.standard.from}`
  return `select\n${columns.join(',\n')}${from}`
}

/** Whether a test is answered by an aggregate of the tested rows, and not by a query of its own. */
function counts({ test }: StandardTest): boolean {
  return test === 'not_null' || test === 'accepted_values'
}

function doubtOf(asked: StandardTest): string {
  const { column, from } = asked
  switch (asked.test) {
    case 'not_null':
      return `count(*) filter (where ${column} is null)`
    case 'unique':
      // Beside other aggregates over 10 million integers 2.3 s of CPU, over 10 rows 1.2 ms; as count(distinct …) 2.6 and 1.7.
      return `exists (select 1 from ${from} where ${column} is not null group by ${column} having count(*) > 1)`
    case 'accepted_values':
      return `count(*) filter (where ${column} not in (${asked.values.join(', ')}))`
    case 'relationships':
      // A second scan, and yet cheaper than a join inside the first, which would multiply or mark its rows.
      return `exists (select 1 from (select ${column} as from_field from ${from} where ${column} is not null) child left join (select ${asked.field} as to_field from ${asked.to}) parent on child.from_field = parent.to_field where parent.to_field is null)`
    default:
      return asked satisfies never
  }
}
