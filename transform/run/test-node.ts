/** Runs one data test by itself, inside the run's transaction, so that it sees what readers will see. */

import { problem } from '../../core/problems.ts'
import type { Materialization } from '../compile/find-materialization.ts'
import type { Severity, TestNode } from '../compile/graph.ts'
import { Float } from '../jinja/values.ts'
import { relationSql } from '../materialize/statement.ts'
import { standardPackage } from '../stdlib/standard-macros.ts'
import { testWarning, treatmentOf } from '../stdlib/warning-options.ts'
import type { NodeContext } from './node-context.ts'
import { keepFailures, makeMissingSchema, readFailures } from './test-failures.ts'
import { type TestSettings, testSettings } from './test-settings.ts'
import type { Tested } from './tested.ts'

/** Failing rows that are kept of one test. */
const maxFailingRows = 100

export type TestContext = Pick<NodeContext, 'session' | 'state' | 'renderer'>

/** What a test is that passes; a batch gives no other. */
export const passed: Tested = { status: 'pass', failures: 0, failingRows: [], message: undefined }

/** @throws DuckDB's error when the test's query is wrong, `model/invalid-config` */
export async function testNode(node: TestNode, context: TestContext): Promise<Tested> {
  const { session, renderer } = context
  const settings = testSettings(node, renderer)
  const sql = await renderer.render(node.id, { isIncremental: false, database: session.database })
  const limited = settings.limit === undefined ? sql : `${sql}\nlimit ${settings.limit}`
  const by = renderer.replacing(node.id)
  const isKept = settings.keptAs !== undefined
  if (by !== undefined && isKept) await makeMissingSchema(node.relation, context)
  const row =
    by === undefined
      ? await askDatabase(node, settings, limited, context)
      : await askMacro(node, by, sql, context)
  if (by !== undefined && isKept) await context.state.refresh(session, node.relation)
  const treatment = treatmentOf(testWarning, (name) => renderer.flag(name))
  const verdict = verdictOf(node, settings, row, treatment === 'error')
  // As in dbt, a test that passes has none, however many rows its conditions let through.
  if (verdict.status === 'pass') return passed
  // What a materialization of the project's own makes of its text is nobody's guess.
  if (by !== undefined && by.package !== standardPackage) return { ...verdict, failingRows: [] }
  const rows = isKept ? `select * from ${relationSql(node.relation)}` : limited
  const sample = await session.query(
    `select to_json(test_rows)::varchar as failing_row from (\n${rows}\n) as test_rows limit ${maxFailingRows}`,
  )
  const failingRows = sample.map((each) => String(each['failing_row']))
  if (settings.keptAs === undefined) return { ...verdict, failingRows }
  const kept = await readFailures(node.relation, settings.keptAs, limited, context)
  return { ...verdict, failingRows, kept }
}

/** What a test answers: `failures`, `should_warn`, `should_error`. */
type Answer = Readonly<Record<string, unknown>>

async function askDatabase(
  { relation }: TestNode,
  settings: TestSettings,
  limited: string,
  context: TestContext,
): Promise<Answer> {
  const { keptAs } = settings
  if (keptAs !== undefined) await keepFailures(relation, keptAs, limited, context)
  const rows = keptAs === undefined ? limited : `select * from ${relationSql(relation)}`
  const [row = {}] = await context.session.query(verdictSql(settings, rows))
  return row
}

/** By dbt's macros, where the project has replaced one of them, or a materialization of its own. */
async function askMacro(
  node: TestNode,
  by: Materialization,
  code: string,
  { session, renderer }: TestContext,
): Promise<Answer> {
  const { catalog, schema } = node.relation
  const names = new Map([
    ['database', catalog],
    ['schema', schema],
  ])
  const rendering = { isIncremental: false, database: session.database, names }
  const { answer } = await renderer.materialize(node.id, by, rendering, { code })
  const [row, ...others] = answer
  if (row?.size === 3 && others.length === 0) {
    return Object.fromEntries([...row].map(([name, value]) => [name, plainOf(value)]))
  }
  const reason = `answers with ${answer.length} rows of ${row?.size ?? 0} columns, and a test with one row of three: failures, should_warn, should_error`
  throw problem('model/template-failed', {
    reason: `the materialization of ${node.name} ${reason}`,
  })
}

function plainOf(value: unknown): unknown {
  return value instanceof Float ? value.value : value
}

function verdictSql({ failCalc, warnIf, errorIf }: TestSettings, rows: string): string {
  return `select
  ${failCalc} as failures,
  ${failCalc} ${warnIf} as should_warn,
  ${failCalc} ${errorIf} as should_error
from (
${rows}
) dbt_internal_test`
}

type Verdict = Pick<Tested, 'status' | 'failures' | 'message'>

function verdictOf(
  node: TestNode,
  { warnIf, errorIf }: TestSettings,
  row: Answer,
  warningsFail: boolean,
): Verdict {
  const failures = wholeNumber(node, row['failures'])
  const results = `Got ${failures} ${failures === 1 ? 'result' : 'results'}, configured to`
  const fails = isTrue(node, row['should_error']) && isSevere(node.severity)
  const warns = isTrue(node, row['should_warn'])
  if (fails) return { status: 'fail', failures, message: `${results} fail if ${errorIf}` }
  if (!warns) return passed
  return warningsFail
    ? { status: 'fail', failures, message: `${results} fail if ${warnIf}` }
    : { status: 'warn', failures, message: `${results} warn if ${warnIf}` }
}

function isSevere(severity: Severity): boolean {
  return severity === 'error'
}

/** @throws `model/invalid-config` when `fail_calc` gives something else, as it does over no rows with `sum(…)` */
function wholeNumber(node: TestNode, value: unknown): number {
  const number =
    typeof value === 'string' || value === null || value === undefined ? Number.NaN : Number(value)
  if (Number.isInteger(number)) return number
  const reason = `gives ${value === null ? 'NULL' : String(value)}, which is no number of failures`
  const parameters = { node: node.name, key: 'fail_calc', reason }
  throw problem('model/invalid-config', parameters, { at: { file: node.file } })
}

const words: ReadonlyMap<string, boolean> = new Map([
  ...['y', 'yes', 't', 'true', 'on', '1'].map((word) => [word, true] as const),
  ...['n', 'no', 'f', 'false', 'off', '0'].map((word) => [word, false] as const),
])

/** Conditions may give numbers and words too. */
function isTrue(node: TestNode, value: unknown): boolean {
  if (typeof value !== 'string') return Boolean(value)
  const known = words.get(value.toLowerCase())
  if (known !== undefined) return known
  const reason = `gives '${value}', which is neither true nor false`
  const parameters = { node: node.name, key: 'warn_if or error_if', reason }
  throw problem('model/invalid-config', parameters, { at: { file: node.file } })
}
