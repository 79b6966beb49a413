import { expect, it } from 'vitest'
import { openPending } from '../../../../cli/watch/pending.ts'
import type { RunResult } from '../../../../transform/index.ts'

const run: RunResult = {
  runId: 'r',
  command: 'build',
  outcome: 'committed',
  publish: 'atomic',
  results: [],
  snapshot: undefined,
  noOps: [],
  built: [],
  attempts: 1,
  startedAt: '2024-01-01T00:00:00Z',
  elapsedMs: 1,
}
const ended = (id: string, status: RunResult['results'][number]['status']) => ({
  id,
  name: id,
  kind: 'model' as const,
  file: 'f',
  status,
  message: undefined,
  relation: undefined,
  materialized: undefined,
  rows: undefined,
  failures: undefined,
  failingRows: [],
  elapsedMs: 1,
})

it('keeps what failed and what was left out', () => {
  const pending = openPending()
  pending.add([
    ['a', 'x'],
    ['b', 'x'],
    ['c', 'x'],
  ])
  const results = [ended('a', 'success'), ended('b', 'fail'), ended('c', 'skipped')]
  pending.built({ ...run, outcome: 'failed', publish: 'per-node', results })
  expect([...pending.reasons.keys()]).toEqual(['b', 'c'])
})

it('keeps everything of a run that was rolled back, tests that passed too', () => {
  const pending = openPending()
  pending.add([['a', 'x']])
  pending.built({ ...run, outcome: 'rolled-back', results: [ended('a', 'pass')] })
  expect([...pending.reasons.keys()]).toEqual(['a'])
  pending.built({ ...run, results: [ended('a', 'pass')] })
  expect([...pending.reasons.keys()]).toEqual([])
})
