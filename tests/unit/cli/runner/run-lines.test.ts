import { describe, expect, it } from 'vitest'
import { closingLines, resultText } from '../../../../cli/runner/run-lines.ts'
import type { NodeResult, RunResult } from '../../../../transform/index.ts'

const result = (over: Partial<NodeResult>): NodeResult => ({
  id: 'model.shop.orders',
  name: 'orders',
  kind: 'model',
  file: 'models/orders.sql',
  status: 'success',
  message: undefined,
  relation: { catalog: 'dev', schema: 'main', name: 'orders' },
  materialized: 'table',
  rows: undefined,
  failures: undefined,
  failingRows: [],
  elapsedMs: 1_234,
  ...over,
})

const run = (results: readonly NodeResult[], over: Partial<RunResult> = {}): RunResult => ({
  runId: 'r1',
  command: 'build',
  outcome: 'committed',
  publish: 'per-node',
  results,
  noOps: [],
  snapshot: undefined,
  built: [],
  attempts: 1,
  startedAt: '2024-11-25T12:00:00.000Z',
  elapsedMs: 780,
  ...over,
})

const test = {
  kind: 'test',
  id: 'test.shop.unique',
  name: 'unique',
  materialized: undefined,
} as const
const none = () => undefined

describe('the line of a node that has ended', () => {
  const textOf = (over: Partial<NodeResult>) =>
    resultText(result(over), { index: 1, total: 9, width: 80 })

  it.each([
    [{ rows: 2 }, 'OK created sql table model main.orders', '[OK 2 rows in 1.23s]'],
    [{ rows: 1 }, 'OK created sql table model main.orders', '[OK 1 row in 1.23s]'],
    [{ status: 'error' }, 'ERROR creating sql table model main.orders', '[ERROR in 1.23s]'],
    [{ kind: 'seed', rows: 2 }, 'OK loaded seed file main.orders', '[INSERT 2 in 1.23s]'],
    [
      { kind: 'seed', rows: 2, message: 'CREATE 2' },
      'OK loaded seed file main.orders',
      '[CREATE 2 in 1.23s]',
    ],
    [{ kind: 'seed', status: 'error' }, 'ERROR loading seed file main.orders', '[ERROR in 1.23s]'],
    [{ ...test, status: 'fail', failures: 998 }, 'FAIL 998 unique', '[FAIL 998 in 1.23s]'],
    [{ ...test, status: 'warn', failures: 1 }, 'WARN 1 unique', '[WARN 1 in 1.23s]'],
    [{ ...test, status: 'pass' }, 'PASS unique', '[PASS in 1.23s]'],
    [
      {
        kind: 'unit_test',
        id: 'unit_test.shop.orders.t1',
        name: 't1',
        status: 'fail',
        failures: 1,
      },
      'FAIL 1 orders::t1',
      '[FAIL 1 in 1.23s]',
    ],
  ] satisfies [Partial<NodeResult>, string, string][])(
    'has the words of dbt: %j',
    (over, text, note) => {
      const line = textOf(over)
      expect(line).toMatch(new RegExp(`^1 of 9 ${text} \\.+ `))
      expect(line).toContain(note)
    },
  )

  it('says why a node was left out', () => {
    const skipped = { status: 'skipped', message: 'stg failed' } as const
    expect(textOf(skipped)).toMatch(/^1 of 9 SKIP relation main\.orders \.+ \[SKIP\] stg failed$/)
    expect(textOf({ ...test, ...skipped })).toMatch(/^1 of 9 SKIP test unique \.+ \[SKIP\]/)
  })
})

describe('the end of a run', () => {
  it('counts what ran, and what only has a result', () => {
    const results = [
      result({}),
      result({ kind: 'seed', materialized: undefined }),
      result({ kind: 'operation', materialized: undefined }),
      result({ ...test, status: 'pass' }),
      result({ ...test, status: 'pass' }),
    ]
    const noOps = [{ id: 'exposure.shop.board', status: 'no-op' }] as const
    expect(closingLines(run(results, { noOps, snapshot: 7 }), none)).toEqual([
      '',
      'Finished running 1 exposure, 1 project hook, 1 seed, 1 table model, 2 data tests in 0 hours 0 minutes and 0.78 seconds (0.78s).',
      '',
      'Completed successfully',
      '',
      'Readers see snapshot 7.',
      'Done. PASS=5 WARN=0 ERROR=0 SKIP=0 NO-OP=1 REUSED=0 TOTAL=6',
    ])
  })

  it('tells of each failure, its SQL and where its rows are, and then of the warnings', () => {
    const kept = {
      relation: { catalog: 'dev', schema: 'audit', name: 'unique' },
      as: 'table',
      sql: '',
      columns: [],
      rows: [],
    } as const
    const results = [
      result({ ...test, name: 'odd', status: 'warn', message: 'Got 1 result', file: 'a.yml' }),
      result({
        ...test,
        status: 'fail',
        message: 'Got 2 results',
        file: 'a.yml',
        kept,
        failingRows: ['{"id":1}'],
      }),
    ]
    const failed = run(results, { outcome: 'rolled-back', publish: 'atomic', snapshot: 7 })
    const lines = closingLines(failed, (id) =>
      id === test.id ? 'target/compiled/unique.sql' : undefined,
    )
    const query = 'select * from "dev"."audit"."unique"'
    expect(lines.slice(3)).toEqual([
      'Completed with 1 error, 0 partial successes, and 1 warning:',
      '',
      '[ERROR]: in test unique (a.yml)',
      '  Got 2 results',
      '    {"id":1}',
      '',
      '  compiled code at target/compiled/unique.sql',
      '',
      '  See test failures:',
      `  ${'-'.repeat(query.length)}`,
      `  ${query}`,
      `  ${'-'.repeat(query.length)}`,
      '',
      '[WARNING]: in test odd (a.yml)',
      '  Got 1 result',
      '',
      '  compiled code at target/compiled/unique.sql',
      '',
      'Nothing was published: readers still see snapshot 7.',
      'Done. PASS=0 WARN=1 ERROR=1 SKIP=0 NO-OP=0 REUSED=0 TOTAL=2',
    ])
  })

  it('names the rows that a lake has kept where there are more than it shows', () => {
    const failingRows = ['1', '2', '3', '4']
    const many = result({ ...test, status: 'fail', failures: 4, failingRows })
    expect(closingLines(run([many], { outcome: 'failed', snapshot: 7 }), none)).toContain(
      "  select * from lake.ops.test_failures where run_id = 'r1' and name = 'unique'",
    )
  })
})
