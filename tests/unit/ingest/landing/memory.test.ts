import { describe, expect, it } from 'vitest'
import { planMemory } from '../../../../ingest/landing/memory.ts'

const held = (...sizes: readonly (readonly [filling: number, claiming: number])[]) =>
  sizes.map(([fillingBytes, claimingBytes], partition) => ({
    partition,
    fillingBytes,
    claimingBytes,
  }))
const plan = (
  sizes: ReturnType<typeof held>,
  paused: readonly number[] = [],
  rotateBytes = 1_000,
) => planMemory(sizes, new Set(paused), 100, rotateBytes)

describe('planMemory', () => {
  it('leaves everyone alone below 60 %', () => {
    expect(plan(held([30, 0], [30, 0]), [0])).toEqual({ paused: new Set(), flush: [] })
  })

  it('changes nothing between 60 % and 80 %', () => {
    expect(plan(held([40, 0], [30, 0]), [0])).toEqual({ paused: new Set([0]), flush: [] })
    expect(plan(held([40, 0], [30, 0]))).toEqual({ paused: new Set(), flush: [] })
  })

  it('pauses and flushes the largest at 80 %, until the rest is below 60 %', () => {
    expect(plan(held([10, 0], [45, 0], [30, 0]))).toEqual({ paused: new Set([1]), flush: [1] })
    expect(plan(held([33, 0], [34, 0], [33, 0]))).toEqual({
      paused: new Set([1, 0]),
      flush: [1, 0],
    })
  })

  it('does not flush what is being claimed already', () => {
    expect(plan(held([0, 85], [5, 0]))).toEqual({ paused: new Set([0]), flush: [] })
  })

  it('lets a partition wait for its claim when its next buffer is full', () => {
    expect(plan(held([10, 5], [10, 0]), [], 10).paused).toEqual(new Set([0]))
  })
})
