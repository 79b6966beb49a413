/** What the hooks at the end of a run know of it: `results`, `schemas`, `database_schemas`. */
import {
  Float,
  HostFunction,
  type HostObject,
  hostObject,
  Tuple,
  toTemplateValue,
  toText,
  Undefined,
} from '../jinja/values.ts'
import { PythonTime } from '../stdlib/python-datetime.ts'
import type { NodeRenderer } from './node-renderer.ts'
import type { NodeResult, Timing } from './result.ts'

/** @param ended results of the run's nodes, in the order in which they ended */
export function hookNames(
  renderer: Pick<NodeRenderer, 'describe'>,
  ended: readonly NodeResult[],
): ReadonlyMap<string, unknown> {
  const done = ended.map(lasting)
  const written = done.filter(({ relation, status }) => {
    return relation !== undefined && status !== 'error' && status !== 'skipped'
  })
  const pairs = new Map(
    written.flatMap(({ relation }) =>
      relation === undefined
        ? []
        : [[`${relation.catalog}.${relation.schema}`, [relation.catalog, relation.schema]]],
    ),
  )
  return new Map<string, unknown>([
    ['results', done.map((result) => resultValue(result, renderer.describe(result.id)))],
    ['schemas', [...new Set(written.flatMap(({ relation }) => relation?.schema ?? []))].sort()],
    ['database_schemas', [...pairs.values()].map((pair) => new Tuple(pair))],
  ])
}

/** What was rolled back is told as left out: nobody can read it. */
function lasting(result: NodeResult): NodeResult {
  if (result.isRolledBack !== true) return result
  const message = `ended with ${result.status}, and was rolled back with the run`
  return { ...result, status: 'skipped', message }
}

/** @param described the node as its manifest entry; undefined for what has none */
function resultValue(result: NodeResult, described: unknown): HostObject {
  const { id, name, kind, status, failures, elapsedMs, thread, timing } = result
  const node = described instanceof Map ? described : nodeWithoutEntry(id, name, kind)
  return objectOf(
    new Map<string, unknown>([
      ['status', status],
      ['timing', (timing ?? []).map(timingValue)],
      ['thread_id', thread ?? null],
      ['execution_time', new Float(elapsedMs / 1_000)],
      ['adapter_response', answerOf(result)],
      ['message', messageOf(result)],
      ['failures', failures ?? null],
      ['unique_id', id],
      ['node', objectOf(node)],
    ]),
  )
}

function nodeWithoutEntry(id: string, name: string, kind: string): Map<string, unknown> {
  return new Map<string, unknown>([
    ['unique_id', id],
    ['name', name],
    ['resource_type', kind],
    ['config', new Map()],
  ])
}

function messageOf({ message, status, kind, rows }: NodeResult): string | null {
  if (status !== 'success') return message ?? null
  // What a macro says of its statement stays; how an increment was built is no answer of the database.
  if (message !== undefined && /^[A-Z]+ \d+$/.test(message)) return message
  return kind === 'seed' ? `INSERT ${rows ?? 0}` : 'OK'
}

function answerOf(result: NodeResult): unknown {
  const { status, rows } = result
  if (status === 'error' || status === 'skipped') return new Map()
  const message = status === 'success' ? messageOf(result) : 'OK'
  return toTemplateValue(
    rows === undefined ? { _message: message } : { _message: message, rows_affected: rows },
  )
}

function timingValue({ name, startedAt, completedAt }: Timing): HostObject {
  return objectOf(
    new Map<string, unknown>([
      ['name', name],
      ['started_at', new PythonTime(Date.parse(startedAt), false)],
      ['completed_at', new PythonTime(Date.parse(completedAt), false)],
    ]),
  )
}

/** An object of Python: its fields by attribute, all of them by `to_dict()`. */
function objectOf(fields: ReadonlyMap<unknown, unknown>): HostObject {
  const toDict = new HostFunction('to_dict', () => dictOf(fields))
  const field = (key: unknown) =>
    fields.has(key) ? fields.get(key) : new Undefined(String(toText(key)))
  return {
    [hostObject]: true,
    attribute: (name) => (name === 'to_dict' ? toDict : field(name)),
    item: field,
    text: () => `<${toText(fields.get('unique_id') ?? fields.get('name') ?? 'object')}>`,
  }
}

function dictOf(fields: ReadonlyMap<unknown, unknown>): Map<unknown, unknown> {
  return new Map([...fields].map(([key, value]) => [key, plainOf(value)]))
}

function plainOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainOf)
  if (value instanceof PythonTime || !isObject(value)) return value
  const toDict = value.attribute('to_dict')
  return toDict instanceof HostFunction ? toDict.call({ positional: [], named: new Map() }) : value
}

function isObject(value: unknown): value is HostObject {
  return typeof value === 'object' && value !== null && hostObject in value
}
