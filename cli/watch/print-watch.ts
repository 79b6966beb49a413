/** What `watch` says beside the lines of a build. */
import { relative } from 'node:path'
import type { MillraceError } from '../../core/errors.ts'
import type { GraphNode, Plan, RunResult } from '../../transform/index.ts'
import { printError } from '../print-error.ts'

export type WatchPrinter = {
  readonly edited: (paths: Iterable<string>) => void
  /** Why each node of a build is in it. */
  readonly reasons: (plan: Plan, reasons: ReadonlyMap<string, string>) => void
  readonly gone: (nodes: readonly GraphNode[]) => void
  /** @param elapsedMs since the edit, or since the start */
  readonly built: (result: RunResult, elapsedMs: number) => void
  readonly unchanged: () => void
  /** Problems go to stderr. */
  readonly problems: (error: unknown) => void
  /** Nothing is going on, and a database file is free. */
  readonly waiting: () => void
}

/** @param format as of a build: `text`, `json`, or one in which `watch` itself says nothing */
export function openWatchPrinter(format: string, root: string, withCauses: boolean): WatchPrinter {
  const isText = format === 'text'
  const print = (event: Readonly<Record<string, unknown>>, lines: readonly string[]) => {
    if (format === 'json') process.stdout.write(`${JSON.stringify(event)}\n`)
    else if (isText) process.stdout.write(lines.map((line) => `${line}\n`).join(''))
  }
  let hasWaited = false
  return {
    edited: (paths) => {
      const files = [...paths].map((path) => relative(root, path)).sort()
      const rest = files.length > 3 ? ` and ${files.length - 3} more` : ''
      const names = `${files.slice(0, 3).join(', ')}${rest}`
      print({ event: 'watch.edited', files }, ['', `Edited: ${names}`])
    },
    reasons: ({ stages }, reasons) => {
      for (const { node } of stages) {
        const reason = reasons.get(node.id) ?? null
        // Tests come along with what they test.
        const isOfOther = node.kind === 'test' || node.kind === 'unit_test'
        const isPlain = isOfOther && reason?.endsWith(' is built again')
        const line = reason === null || isPlain ? [] : [`${node.id}: ${reason}`]
        print({ event: 'node.changed', unique_id: node.id, reason }, line)
      }
    },
    gone: (nodes) => {
      for (const node of nodes) {
        const relation = relationOf(node)
        const stays = relation === null ? '' : `; ${relation} stays until it is dropped`
        const line = `${node.id} is no longer in the project${stays}`
        print({ event: 'node.gone', unique_id: node.id, relation }, relation ? [line] : [])
      }
    },
    built: ({ outcome, results }, elapsedMs) => {
      const seconds = (elapsedMs / 1_000).toFixed(2)
      const line =
        outcome === 'committed'
          ? `Up to date after ${seconds} s`
          : `Failed after ${seconds} s; what is not built yet comes along with the next edit`
      const elapsed = Math.round(elapsedMs * 10) / 10
      print(
        { event: 'watch.built', outcome, nodes: results.length, elapsed_ms: elapsed },
        outcome === 'interrupted' ? [] : [line],
      )
    },
    unchanged: () => print({ event: 'watch.unchanged' }, ['Nothing comes out differently']),
    problems: (error) => {
      printError(error, withCauses)
      const all: readonly unknown[] = error instanceof AggregateError ? error.errors : [error]
      const problems = all.map((one) => describe(one))
      print({ event: 'watch.problems', problems }, ['Waiting until this is mended'])
    },
    waiting: () => {
      print(
        { event: 'watch.waiting' },
        hasWaited ? [] : ['Watching the files of the project; Ctrl-C stops'],
      )
      hasWaited = true
    },
  }
}

function relationOf(node: GraphNode): string | null {
  if (node.kind === 'test' || (node.kind === 'model' && node.materialized === 'ephemeral')) {
    return null
  }
  const { schema, name } = node.relation
  return `${schema}.${name}`
}

function describe(error: unknown) {
  const { code, message, at } = error as Partial<MillraceError> // every part of it may be absent
  return {
    code: code ?? null,
    message: message ?? String(error),
    file: at?.file ?? null,
    line: at?.line ?? null,
  }
}
