/** The line that lives at the foot of a terminal while a run goes on: how far it is, and what is running. */
import type { RunEvent } from '../../transform/index.ts'
import { openProgress } from '../progress.ts'
import { type Course, timeLeft, timeLeftText } from './time-left.ts'

type Running = Extract<RunEvent, { readonly kind: 'started' }>

export type LiveProgress = {
  /** Whether anybody sees it. */
  readonly isShown: boolean
  event(event: RunEvent): void
  /** A line that stays. */
  line(text: string): void
  clear(): void
  /** What was running, and how much had not begun, when the run was stopped. */
  stoppedLines(): string[]
  close(): void
}

const repaintMs = 250

export function openLiveProgress(stream: NodeJS.WriteStream, course: Course): LiveProgress {
  const progress = openProgress(stream)
  const running = new Map<string, Running & { readonly since: number }>()
  // Hooks of the run run too, and are none of its nodes.
  const planned = new Set(course.planned)
  const done = new Set<string>()
  let skipped = 0
  const paint = () => progress.update(liveLine([...running.values()], done, course))
  const timer = stream.isTTY ? setInterval(paint, repaintMs) : undefined
  timer?.unref()
  return {
    isShown: stream.isTTY === true,
    event(event) {
      if (event.kind === 'attempt') {
        running.clear()
        done.clear()
        skipped = 0
      }
      if (event.kind === 'started') {
        running.set(event.node.id, { ...event, since: Date.now() })
        if (stream.isTTY) paint()
      }
      if (event.kind === 'finished') {
        const { id, status } = event.result
        running.delete(id)
        if (!planned.has(id)) return
        done.add(id)
        if (status === 'skipped') skipped++
      }
    },
    line: (text) => progress.line(text),
    clear: () => progress.clear(),
    stoppedLines() {
      const names = [...running.values()].map(({ node }) => node.name)
      const ended = done.size - skipped
      const begun = ended + [...running.keys()].filter((id) => planned.has(id)).length
      const stopped = names.length === 0 ? '' : `; stopped in ${names.join(', ')}`
      const waiting = `${planned.size - begun} had not begun`
      return ['', `${ended} of ${planned.size} nodes had ended, ${waiting}${stopped}.`]
    },
    close() {
      clearInterval(timer)
      progress.clear()
    },
  }
}

/** `12 of 40 · about 20s left · orders 45% 3s of about 5s · events 1s`. */
function liveLine(
  running: readonly (Pick<Running, 'node' | 'progress'> & { readonly since: number })[],
  done: ReadonlySet<string>,
  course: Course,
  now = Date.now(),
): string {
  const passed = new Map(running.map(({ node, since }) => [node.id, now - since]))
  const left = timeLeft(course, done, passed)
  const head = left === undefined ? [] : [timeLeftText(left)]
  const parts = running.map(({ node, progress, since }) => {
    const percent = progress()
    const usual = course.durations.get(node.id)
    const seconds = Math.round((now - since) / 1_000)
    const of = usual === undefined ? '' : ` of about ${Math.max(1, Math.round(usual / 1_000))}s`
    return `${node.name}${percent === undefined ? '' : ` ${Math.floor(percent)}%`} ${seconds}s${of}`
  })
  return [`${done.size} of ${course.planned.length}`, ...head, ...parts].join(' · ')
}
