import { expect, it } from 'vitest'
import { silentLog } from '../../../../core/silent-log.ts'
import { StandingHeads } from '../../../../ingest/landing/standing-heads.ts'

const settings = { rotateMs: 1_000, stuckMs: 300_000 }
const standing = (forMs: number, isInTrouble = false) => ({
  name: 'topic/0',
  head: 7,
  lag: 3,
  isInTrouble,
  stuckForMs: () => forMs,
})
const look = (worker: ReturnType<typeof standing>, options = settings) =>
  new StandingHeads(options, silentLog).look(new Map([[0, worker]]), 1_000_000)

it('ends the run for a head that has stood for stuckMs', () => {
  expect(look(standing(299_999))).toBeUndefined()
  expect(look(standing(300_000))).toMatchObject({
    code: 'landing/stuck',
    message: expect.stringContaining('topic/0: the head has stood at offset 7'),
  })
})

it('does not blame a partition for an outside system', () => {
  expect(look(standing(300_000, true))).toBeUndefined()
})

it('gives a head two rotations, however small stuckMs is', () => {
  const slow = { rotateMs: 200_000, stuckMs: 1_000 }
  expect(look(standing(399_999), slow)).toBeUndefined()
  expect(look(standing(400_000), slow)).toBeDefined()
})
