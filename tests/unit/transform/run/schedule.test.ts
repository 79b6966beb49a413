import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type LeftOut, Schedule, type Step } from '../../../../transform/run/schedule.ts'

/** Steps that wait for some of those before them in the list. */
const graphs = fc
  .array(fc.record({ parents: fc.array(fc.nat(), { maxLength: 3 }), letsPass: fc.boolean() }), {
    maxLength: 30,
  })
  .map((drafts) =>
    drafts.map(({ parents, letsPass }, at): Step => {
      const above = at === 0 ? [] : parents.map((parent) => `s${parent % at}`)
      return { id: `s${at}`, waitsFor: [...new Set(above)], letsPass }
    }),
  )

type Course = { readonly begun: string[]; readonly leftOut: Map<string, string | undefined> }

/** Runs a schedule on some workers; which of the running ends next, and how, is drawn. */
function runThrough(
  schedule: Schedule,
  workers: number,
  draw: () => number,
  fails: (id: string) => boolean,
  onBegin: (id: string, course: Course, running: readonly string[]) => void,
): Course {
  const course: Course = { begun: [], leftOut: new Map() }
  const running: string[] = []
  const note = (all: readonly LeftOut[]) => {
    for (const { id, dueTo } of all) course.leftOut.set(id, dueTo)
  }
  for (;;) {
    while (running.length < workers) {
      const id = schedule.next()
      if (id === undefined) break
      onBegin(id, course, running)
      course.begun.push(id)
      running.push(id)
    }
    const [ended] = running.splice(draw() % Math.max(1, running.length), 1)
    if (ended === undefined) return course
    note(schedule.end(ended, !fails(ended)))
  }
}

describe('a schedule', () => {
  it('begins or leaves out every step exactly once, and none before what it waits for', () => {
    fc.assert(
      fc.property(
        graphs,
        fc.integer({ min: 1, max: 4 }),
        fc.infiniteStream(fc.nat()),
        fc.func(fc.double({ min: 0, max: 1, noNaN: true })),
        fc.boolean(),
        (steps, workers, numbers, chance, byCriticalPath) => {
          const byId = new Map(steps.map((step) => [step.id, step]))
          const fails = (id: string) => chance(id) < 0.2
          const draw = () => numbers.next().value ?? 0
          const ended = new Set<string>()
          const schedule = new Schedule(steps, { byCriticalPath })
          const course = runThrough(schedule, workers, draw, fails, (id, { begun }, running) => {
            for (const one of begun) if (!running.includes(one)) ended.add(one)
            for (const parent of byId.get(id)?.waitsFor ?? []) {
              expect(ended.has(parent)).toBe(true)
              expect(fails(parent) && byId.get(parent)?.letsPass !== true).toBe(false)
            }
          })
          const all = [...course.begun, ...course.leftOut.keys()].sort()
          expect(all).toEqual([...byId.keys()].sort())
          expect(schedule.isDone).toBe(true)
          for (const [id, dueTo] of course.leftOut) {
            expect(byId.get(id)?.waitsFor).toContain(dueTo)
            const isCause = course.leftOut.has(dueTo ?? '') || fails(dueTo ?? '')
            expect(isCause).toBe(true)
          }
        },
      ),
    )
  })

  it('begins first what has the longest way before it, and else what comes first in the list', () => {
    const steps = [
      { id: 'short', waitsFor: [] },
      { id: 'long', waitsFor: [] },
      { id: 'also_short', waitsFor: [] },
      { id: 'longer', waitsFor: ['long'] },
      { id: 'longest', waitsFor: ['longer'] },
    ]
    const schedule = new Schedule(steps)
    expect([schedule.next(), schedule.next(), schedule.next(), schedule.next()]).toEqual([
      'long',
      'short',
      'also_short',
      undefined,
    ])
  })

  it('takes what earlier runs took for the way, and the average for what they do not know', () => {
    const steps = [
      { id: 'quick', waitsFor: [] },
      { id: 'below_quick', waitsFor: ['quick'] },
      { id: 'slow', waitsFor: [] },
      { id: 'new', waitsFor: [] },
    ]
    const took = new Map([
      ['quick', 1],
      ['below_quick', 1],
      ['slow', 100],
    ])
    const schedule = new Schedule(steps, { weightOf: (id) => took.get(id) })
    expect([schedule.next(), schedule.next(), schedule.next()]).toEqual(['slow', 'new', 'quick'])
  })

  it('leaves out what waits for a failure and goes on with the rest', () => {
    const schedule = new Schedule([
      { id: 'a', waitsFor: [] },
      { id: 'b', waitsFor: ['a'] },
      { id: 'c', waitsFor: ['b'] },
      { id: 'apart', waitsFor: [] },
    ])
    expect(schedule.next()).toBe('a')
    expect(schedule.end('a', false)).toEqual([
      { id: 'b', dueTo: 'a' },
      { id: 'c', dueTo: 'b' },
    ])
    expect(schedule.next()).toBe('apart')
    expect(schedule.isDone).toBe(false)
    schedule.end('apart', true)
    expect(schedule.isDone).toBe(true)
  })

  it('leaves out all that has not begun when it is stopped', () => {
    const steps = [
      { id: 'b', waitsFor: [] },
      { id: 'c', waitsFor: ['b'] },
      { id: 'a', waitsFor: [] },
    ]
    const schedule = new Schedule(steps, { byCriticalPath: false })
    expect(schedule.next()).toBe('b')
    expect(schedule.stop()).toEqual([
      { id: 'c', dueTo: undefined },
      { id: 'a', dueTo: undefined },
    ])
    expect(schedule.next()).toBeUndefined()
    schedule.end('b', true)
    expect(schedule.isDone).toBe(true)
  })
})
