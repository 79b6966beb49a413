/** What a data test's configs say of its verdict: which count is taken, and what counts as a failure. */
import { problem } from '../../core/problems.ts'
import { type TestNode, textConfig } from '../compile/graph.ts'
import { failuresKeptAs } from '../compile/test-failures.ts'
import type { NodeRenderer } from './node-renderer.ts'

export type TestSettings = {
  /** Aggregate over the failing rows. */
  readonly failCalc: string
  /** Conditions that are put behind the aggregate: `!= 0`. */
  readonly warnIf: string
  readonly errorIf: string
  /** Rows that the test gives at most. */
  readonly limit: string | undefined
  /** What the failing rows are kept as; undefined when they are not. */
  readonly keptAs: 'table' | 'view' | undefined
}

/** @throws `model/invalid-config` */
export function testSettings(node: TestNode, renderer: Pick<NodeRenderer, 'flag'>): TestSettings {
  const { config } = node
  return {
    failCalc: textConfig(config, 'fail_calc') ?? 'count(*)',
    warnIf: textConfig(config, 'warn_if') ?? '!= 0',
    errorIf: textConfig(config, 'error_if') ?? '!= 0',
    limit: textConfig(config, 'limit'),
    keptAs: keptAs(node, renderer.flag('STORE_FAILURES') === true),
  }
}

function keptAs(node: TestNode, flag: boolean): TestSettings['keptAs'] {
  const as = failuresKeptAs(node.config, flag)
  if (as === undefined || as === 'table' || as === 'view') return as
  const reason = `is ${as}; there are table, view and ephemeral`
  const parameters = { node: node.name, key: 'store_failures_as', reason }
  throw problem('model/invalid-config', parameters, { at: { file: node.file } })
}

/** Whether a test without failing rows passes, as nearly every one does; some ask for rows to be there. */
export function passesWithoutRows({ failCalc, warnIf, errorIf, limit }: TestSettings): boolean {
  if (failCalc.trim() !== 'count(*)' || limit !== undefined) return false
  return [warnIf, errorIf].every((condition) => holdsForZero(condition) === false)
}

/** Undefined where only the database can tell. */
function holdsForZero(condition: string): boolean | undefined {
  const [, operator, digits] = /^\s*(!=|<>|>=|<=|=|>|<)\s*(\d{1,15})\s*$/.exec(condition) ?? []
  const number = Number(digits)
  switch (operator) {
    case '!=':
    case '<>':
      return number !== 0
    case '>':
      return false
    case '>=':
    case '=':
      return number === 0
    case '<':
      return number > 0
    case '<=':
      return true
    default:
      return undefined
  }
}
