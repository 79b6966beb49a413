/** Which nodes of a plan have to run, and why: the others would make again what is there. */
import type { Logic, NodeLogic } from './logic.ts'

/** How a node was when it last succeeded. */
export type KnownNode = {
  readonly logic: Logic
  /** Version of each input that it read then, by id. */
  readonly inputs: Readonly<Record<string, string>>
  /** The run that wrote it: its own version, as others read it. */
  readonly version: string
  readonly snapshot: number
}

export type ChangedInputs = {
  /** Ids of the plan, each after what it reads. */
  readonly ids: readonly string[]
  readonly logicOf: (id: string) => NodeLogic
  /** What a node reads: nodes and sources. */
  readonly inputsOf: (id: string) => readonly string[]
  readonly known: ReadonlyMap<string, KnownNode>
  /** Of a source: a text that changes with its rows; undefined where nothing can be known. */
  readonly sourceVersion: (id: string) => string | undefined
  readonly isSource: (id: string) => boolean
  /** Whether its rows are those of what it reads, whenever it is read. */
  readonly isView: (id: string) => boolean
  /** Why what a node wrote cannot be relied on: it is gone, or somebody else has written it. */
  readonly damageOf: (id: string) => string | undefined
}

export type Decision = {
  readonly id: string
  /** Undefined for a node that need not run. */
  readonly reason: string | undefined
}

export function decideChanged(inputs: ChangedInputs): Decision[] {
  const running = new Set<string>()
  const planned = new Set(inputs.ids)
  return inputs.ids.map((id) => {
    const reason = reasonOf(id, inputs, running, planned)
    if (reason !== undefined) running.add(id)
    return { id, reason }
  })
}

function reasonOf(
  id: string,
  inputs: ChangedInputs,
  running: ReadonlySet<string>,
  planned: ReadonlySet<string>,
): string | undefined {
  const { logicOf, damageOf, known } = inputs
  const before = known.get(id)
  if (before === undefined) return 'it has not succeeded yet'
  const { logic, volatile } = logicOf(id)
  const changed = changedLogic(before.logic, logic)
  if (changed !== undefined) return changed
  if (volatile !== undefined) return volatile
  return damageOf(id) ?? changedInput(id, inputs, running, planned)
}

/** Which of the rows that a node reads are not those that it read when it last succeeded. */
function changedInput(
  id: string,
  inputs: ChangedInputs,
  running: ReadonlySet<string>,
  planned: ReadonlySet<string>,
): string | undefined {
  const { inputsOf, known, sourceVersion, isSource, isView, damageOf } = inputs
  for (const input of inputsOf(id)) {
    if (running.has(input)) return `${input} is built again`
    const version = isSource(input) ? sourceVersion(input) : known.get(input)?.version
    if (version === undefined) return `nothing is known of ${input}`
    if (known.get(id)?.inputs[input] !== version) return `${input} has changed`
    // What is not selected is not looked at by itself.
    if (isSource(input) || planned.has(input)) continue
    const reason =
      damageOf(input) ?? (isView(input) ? changedInput(input, inputs, running, planned) : undefined)
    if (reason !== undefined) return reason
  }
  return undefined
}

/** Which part of the logic is not what it was. */
export function changedLogic(before: Logic, now: Logic): string | undefined {
  if (before.code !== now.code) return 'its code has changed'
  if (before.config !== now.config) return 'its config has changed'
  if (before.macros !== now.macros) return 'a macro that it uses has changed'
  if (before.values !== now.values) return 'a variable that it reads has changed'
  return undefined
}
