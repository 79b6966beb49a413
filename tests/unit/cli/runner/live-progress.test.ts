import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { openLiveProgress } from '../../../../cli/runner/live-progress.ts'
import type { RunEvent } from '../../../../transform/index.ts'

type Started = Extract<RunEvent, { readonly kind: 'started' }>
type Finished = Extract<RunEvent, { readonly kind: 'finished' }>

const started = (id: string) =>
  // Of a node only its id and its name are shown.
  ({ kind: 'started', node: { id, name: id }, progress: () => undefined }) as unknown as Started
const finished = (id: string, status = 'success') =>
  ({ kind: 'finished', result: { id, status } }) as unknown as Finished

const openAt = (columns = 200) => {
  const written: string[] = []
  // What is used of a terminal's stream.
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns })
  stream.on('data', (chunk: Buffer) => written.push(String(chunk)))
  const durations = new Map([
    ['a', 4_000],
    ['b', 60_000],
  ])
  const course = { planned: ['a', 'b', 'c'], threads: 1, durations }
  const live = openLiveProgress(stream as unknown as NodeJS.WriteStream, course)
  return { live, written }
}

describe('the line at the foot of a terminal', () => {
  it('says how far the run is, what is left, and what runs for how long', () => {
    const { live, written } = openAt()
    live.event(finished('a'))
    live.event(started('b'))
    live.close()
    // Of c nothing is known: it counts as the average of the others.
    expect(written.join('')).toContain('1 of 3 · about 92s left · b 0s of about 60s')
  })

  it('counts nodes and no hooks once the run was stopped, and none that was left out', () => {
    const { live } = openAt()
    live.event(finished('operation.start'))
    live.event(finished('a'))
    live.event(finished('c', 'skipped'))
    live.event(started('b'))
    expect(live.stoppedLines()).toEqual([
      '',
      '1 of 3 nodes had ended, 1 had not begun; stopped in b.',
    ])
    live.close()
  })
})
