/** A run on stdout: lines as dbt prints them, or one JSON object a node. */
import type { NodeResult, RunResult } from '../../transform/index.ts'
import { openLiveProgress } from './live-progress.ts'
import { type EventPrinterInputs, eventPrinter } from './print-events.ts'
import {
  closingLines,
  countStatuses,
  failureLines,
  type RunPrinter,
  resultText,
  startText,
  withTime,
} from './run-lines.ts'
import type { Course } from './time-left.ts'

/** @param format `json`, `events` for those of dbt, `quiet` for what failed and nothing else, or `text` */
export function openRunPrinter(
  format: string,
  inputs: EventPrinterInputs & Omit<Course, 'threads'>,
): RunPrinter {
  if (format === 'events') return eventPrinter(inputs)
  if (format === 'quiet') return quietPrinter(inputs)
  return format === 'json' ? jsonPrinter() : textPrinter(inputs)
}

const write = (line: string) => process.stdout.write(`${line}\n`)

function jsonPrinter(): RunPrinter {
  return {
    event(event) {
      if (event.kind !== 'finished') return
      const { result, index, total } = event
      write(JSON.stringify({ event: 'node.finished', index, total, ...toJson(result) }))
    },
    finish(result) {
      const { runId, command, outcome, snapshot, attempts, startedAt, elapsedMs } = result
      const counts = Object.fromEntries(countStatuses(result.results))
      write(
        JSON.stringify({
          event: 'run.finished',
          run_id: runId,
          command,
          outcome,
          snapshot: snapshot ?? null,
          attempts,
          started_at: startedAt,
          elapsed_ms: Math.round(elapsedMs),
          counts,
        }),
      )
    },
  }
}

function toJson(result: NodeResult) {
  const { relation } = result
  return {
    unique_id: result.id,
    name: result.name,
    resource_type: result.kind,
    status: result.status,
    materialized: result.materialized ?? null,
    relation: relation ? `${relation.catalog}.${relation.schema}.${relation.name}` : null,
    rows: result.rows ?? null,
    failures: result.failures ?? null,
    elapsed_ms: Math.round(result.elapsedMs),
    message: result.message ?? null,
    failing_rows: result.failingRows.slice(0, 5),
  }
}

type Printed = Pick<EventPrinterInputs, 'compiledPathOf' | 'width'>

function quietPrinter({ compiledPathOf, width }: Printed): RunPrinter {
  const hasFailed = ({ status }: NodeResult) => status === 'error' || status === 'fail'
  return {
    event(event) {
      if (event.kind !== 'finished' || !hasFailed(event.result)) return
      write(withTime(resultText(event.result, { ...event, width })))
    },
    finish(result) {
      for (const failed of result.results.filter(hasFailed)) {
        for (const line of failureLines(failed, result, compiledPathOf)) write(line)
        write('')
      }
    },
  }
}

function textPrinter(course: Course & Printed): RunPrinter {
  const { width } = course
  const live = openLiveProgress(process.stderr, course)
  let hasClosed = false
  const close = (result: RunResult) => {
    if (hasClosed) return
    hasClosed = true
    live.close()
    for (const line of closingLines(result, course.compiledPathOf)) write(line)
  }
  return {
    event(event) {
      live.event(event)
      switch (event.kind) {
        case 'attempt':
          if (event.attempt > 1) live.line(`beginning again: ${event.reason ?? 'a race was lost'}`)
          break
        case 'started':
          // On a terminal the live line says what is running.
          if (!live.isShown) write(withTime(startText(event.node, { ...event, width })))
          break
        case 'finished':
          live.clear()
          write(withTime(resultText(event.result, { ...event, width })))
          break
        case 'retried':
          live.line(`${event.node.name}: try ${event.attempt}, ${event.reason}`)
          break
        case 'ended':
          // Who pressed Ctrl-C hears at once what is there and what is not.
          if (event.result.outcome !== 'interrupted') break
          live.clear()
          for (const line of live.stoppedLines()) write(line)
          close(event.result)
          break
        default:
          event satisfies never
      }
    },
    finish: close,
  }
}
