import { describe, expect, it } from 'vitest'
import { planRun } from '../../../../transform/plan/plan-run.ts'
import { noOpResults } from '../../../../transform/run/no-op-results.ts'
import { resultOf } from '../../../../transform/run/node-result.ts'
import { makeDescribed, makeGraph, makeModel, makeTest } from '../../../support/graph-nodes.ts'

const noOps = [
  { id: 'exposure.shop.board', waitsFor: ['model.shop.a', 'test.shop.sane'] },
  { id: 'exposure.shop.other', waitsFor: ['exposure.shop.board'] },
  { id: 'exposure.shop.alone', waitsFor: [] },
]
const a = makeModel({ name: 'a' })
const sane = makeTest({ name: 'sane' })
const built = resultOf(a, { status: 'success', message: undefined })
const tested = (status: 'warn' | 'fail') => resultOf(sane, { status, message: undefined })

const statuses = (...results: Parameters<typeof noOpResults>[1]) =>
  noOpResults(noOps, results).map(({ status }) => status)

describe('what nothing is made of', () => {
  it('is a no-op where all it reads is there', () => {
    expect(statuses(built, tested('warn'))).toEqual(['no-op', 'no-op', 'no-op'])
  })

  it('is skipped below what failed, and so is what stands below it', () => {
    expect(statuses(built, tested('fail'))).toEqual(['skipped', 'skipped', 'no-op'])
  })

  it('is skipped where what it reads went with the run', () => {
    expect(statuses({ ...built, isRolledBack: true })[0]).toBe('skipped')
  })

  it('waits in a plan for what it reads, and as in dbt not for the tests of that', () => {
    const board = makeDescribed('exposure', { name: 'board', dependencies: [a.id] })
    const sane = makeTest({ name: 'sane', dependencies: [a.id] })
    const graph = makeGraph({ nodes: [a, sane], described: [board] })
    const request = { select: [], exclude: [], fullRefresh: false }
    expect(planRun(graph, { ...request, command: 'build' }).noOps).toEqual([
      { id: board.id, waitsFor: [a.id] },
    ])
    expect(planRun(graph, { ...request, command: 'run' }).noOps).toEqual([])
  })
})
