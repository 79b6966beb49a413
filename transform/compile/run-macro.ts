/** Macros that are called for what they do: materializations, operations. */
import { problem } from '../../core/problems.ts'
import { compileTemplate } from '../jinja/template.ts'
import { HostFunction, isHostObject, itemsOf, toText } from '../jinja/values.ts'
import { RelationValue } from '../stdlib/relation.ts'
import type { Relation } from './graph.ts'
import type { NodeNames } from './macros.ts'

/** The names of one rendering, those of the node itself apart. */
export type Names = { readonly own: Map<string, unknown>; readonly all: NodeNames }

/** What a materialization has made. */
export type Materialized = {
  /** Those it returned, each with what it is now. */
  readonly relations: readonly (Relation & { readonly type: string | undefined })[]
  /** What the statement `main` answered, as text. */
  readonly message: string
  /** Rows that it wrote, where the engine counts them. */
  readonly rows: number | undefined
  /** Rows that it gave, by column in lower case. */
  readonly answer: readonly ReadonlyMap<string, unknown>[]
}

/**
 * Calls a macro with arguments by name.
 * @returns its value, or its text when it returns none
 * @throws `model/unknown-macro`, `model/template-failed`, and whatever the macro raises
 */
export async function callMacro(
  { own, all }: Names,
  macro: HostFunction,
  args: ReadonlyMap<string, unknown>,
  file: string,
): Promise<unknown> {
  let value: unknown
  own.set('called_macro', macro)
  own.set('called_with', args)
  own.set(
    'keep_value',
    new HostFunction('keep_value', ({ positional: [given] }) => {
      value = given
      return ''
    }),
  )
  // A template, so that a fault inside is told with its place.
  const template = compileTemplate(file, '{% do keep_value(called_macro(**called_with)) %}', true)
  await template.render(all)
  return value
}

/** @param node its name and file, for messages */
export async function materialize(
  names: Names,
  macro: HostFunction,
  node: { readonly name: string; readonly file: string; readonly materialized: string },
): Promise<Materialized> {
  const value = await callMacro(names, macro, new Map(), node.file)
  const relations = relationsIn(value)
  const failed = (reason: string) =>
    problem('model/template-failed', { reason }, { at: { file: node.file } })
  if (relations === undefined) {
    throw failed(
      `the materialization ${node.materialized} of ${node.name} has to end with return({'relations': [this]})`,
    )
  }
  const main = await mainResult(names.own)
  if (main === undefined) {
    throw failed(
      `the materialization ${node.materialized} of ${node.name} has run no statement called main`,
    )
  }
  return { relations, ...main }
}

function relationsIn(value: unknown): Materialized['relations'] | undefined {
  const list: unknown = value instanceof Map ? value.get('relations') : undefined
  if (!Array.isArray(list)) return undefined
  const relations = list.filter((each) => each instanceof RelationValue)
  if (relations.length < list.length) return undefined
  return relations.map(({ relation, kind: type }) => ({ ...relation, type }))
}

async function mainResult(
  own: ReadonlyMap<string, unknown>,
): Promise<Pick<Materialized, 'message' | 'rows' | 'answer'> | undefined> {
  const load = own.get('load_result')
  if (!(load instanceof HostFunction)) return undefined
  const result = await load.call({ positional: ['main'], named: new Map() })
  if (!isHostObject(result)) return undefined
  const response = result.attribute('response')
  const rows = isHostObject(response) ? response.attribute('rows_affected') : undefined
  return {
    message: toText(response),
    rows: typeof rows === 'number' ? rows : undefined,
    answer: rowsIn(result.attribute('table')),
  }
}

function rowsIn(table: unknown): Materialized['answer'] {
  if (!isHostObject(table)) return []
  const names = itemsOf(table.attribute('column_names')).map((name) => toText(name).toLowerCase())
  return itemsOf(table.attribute('rows')).map((row) => {
    const values = itemsOf(row)
    return new Map(names.map((name, at) => [name, values[at]]))
  })
}
