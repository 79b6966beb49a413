/** One node of a run as its result tells of it. */
import { MillraceError, messageOf } from '../../core/errors.ts'
import type { PlannedNode } from '../plan/plan-run.ts'
import type { Findings } from './node-context.ts'
import type { NodeResult } from './result.ts'

type Course = Partial<Pick<NodeResult, 'elapsedMs' | 'thread' | 'timing'>>

export function resultOf(node: PlannedNode, found: Findings, course: Course = {}): NodeResult {
  return {
    id: node.id,
    name: node.name,
    kind: node.kind,
    file: node.file,
    relation: writtenRelation(node),
    materialized: node.kind === 'model' ? node.materialized : undefined,
    rows: undefined,
    failures: undefined,
    failingRows: [],
    ...found,
    elapsedMs: 0,
    ...course,
  }
}

/** What a node leaves in the database, when it leaves something. */
export function writtenRelation(node: PlannedNode): NodeResult['relation'] {
  const { kind } = node
  return kind === 'test' || kind === 'unit_test' || kind === 'operation' ? undefined : node.relation
}

/** An error in the words that its node's result keeps. */
export function explain(error: unknown): string {
  if (!(error instanceof MillraceError)) return messageOf(error).trim()
  const { at, hint } = error
  const place = at?.line === undefined ? '' : `${at.file}:${at.line}:${at.column ?? 1} `
  return `${place}${error.message}${hint === undefined ? '' : ` (${hint})`}`
}

/** Why a node is left out. @param cause the result it waited for; undefined when the whole run was stopped */
export function leftOutReason(cause: NodeResult | undefined, stopped: string): string {
  if (cause === undefined) return stopped
  return cause.status === 'skipped' ? `${cause.name} was skipped` : `${cause.name} failed`
}
