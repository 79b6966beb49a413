/** Runs one data test inside the run's transaction, so that it sees what readers will see. */
import { type TestNode, textConfig } from '../compile/graph.ts'
import type { Session } from './adapter.ts'
import type { NodeRenderer } from './node-renderer.ts'
import type { NodeStatus } from './result.ts'

/** Failing rows that are kept of one test. */
const maxFailingRows = 100

export type Tested = {
  readonly status: Extract<NodeStatus, 'pass' | 'warn' | 'fail'>
  readonly failures: number
  readonly failingRows: readonly string[]
  readonly message: string | undefined
}

/** @throws DuckDB's error when the test's query is wrong */
export async function testNode(
  node: TestNode,
  session: Session,
  renderer: NodeRenderer,
): Promise<Tested> {
  const { config } = node
  const sql = await renderer.render(node.id, {
    isIncremental: false,
    database: session.database,
  })
  const limit = textConfig(config, 'limit')
  const rows = limit === undefined ? sql : `select * from (${sql}\n) limit ${Number(limit)}`
  const count = textConfig(config, 'fail_calc') ?? 'count(*)'
  const warnIf = textConfig(config, 'warn_if') ?? '!= 0'
  const errorIf = textConfig(config, 'error_if') ?? '!= 0'
  const [result] = await session.query(
    `select ${count} as failures, ${count} ${warnIf} as should_warn, ${count} ${errorIf} as should_error
     from (${rows}\n) as test_rows`,
  )
  const failures = Number(result?.['failures'] ?? 0)
  const status = statusOf(node, result?.['should_warn'] === true, result?.['should_error'] === true)
  // As in dbt, a test that passes has none, however many rows its limit lets through.
  if (status === 'pass') return { status, failures: 0, failingRows: [], message: undefined }
  const sample = await session.query(
    `select to_json(test_rows)::varchar as failing_row from (${rows}\n) as test_rows limit ${maxFailingRows}`,
  )
  const failingRows = sample.map((row) => String(row['failing_row']))
  const condition = status === 'fail' ? errorIf : warnIf
  const verb = failures === 1 ? 'row fails' : 'rows fail'
  const rule = condition === '!= 0' ? '' : ` (limit: ${condition})`
  return { status, failures, failingRows, message: `${failures} ${verb}${rule}` }
}

function statusOf(node: TestNode, shouldWarn: boolean, shouldError: boolean): Tested['status'] {
  if (node.severity === 'error' && shouldError) return 'fail'
  return shouldWarn ? 'warn' : 'pass'
}
