/**
 * What fails when a node is rendered and harms nobody before: as in dbt, a project is read although one of its
 * templates calls what nobody defines. Only who renders that node has to mind.
 */
import type { MillraceError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { type Position, problem } from '../../core/problems.ts'
import { alwaysRendered, boundNames } from '../jinja/always-rendered.ts'
import { findCalls } from '../jinja/find-calls.ts'
import { compileTemplate, type Template } from '../jinja/template.ts'
import type { UnknownUse } from '../jinja/values.ts'
import { withPosition } from '../jinja/with-position.ts'
import { placeFinder } from '../project/text-position.ts'
import { standardPackage } from '../stdlib/standard-macros.ts'
import type { LatentProblem } from './graph.ts'
import type { MacroLibrary } from './macros.ts'
import type { NamedNode } from './node-names.ts'

/** A node with the file that it stands in, where it has one of its own. */
type Node = NamedNode & { readonly text?: string }

/** What only a run gives to `on-run-end`. */
const namesOfRunEnd: readonly string[] = ['results', 'schemas', 'database_schemas']

/** One of a node's templates: its own, or one that is said about it. */
export type NodeTemplate = {
  readonly template: Template
  /** Of a hook. */
  readonly isForRuns?: boolean
  /** Where the whole of it stands, when it is not the node's file. */
  readonly at?: Position | undefined
}

/**
 * Notes uses of names that nobody defines while one of a node's templates is rendered for parsing. What has no
 * attribute of a name is not noted: it is mostly there in a run, as the rows of a query are.
 */
export function unknownNoter(
  latent: LatentProblem[],
  library: MacroLibrary,
  node: Node,
  { template, isForRuns, at }: NodeTemplate,
): (use: UnknownUse) => void {
  return ({ name, isName, at: found, offset }) => {
    if (!isName || (node.kind === 'operation' && namesOfRunEnd.includes(name))) return
    if (boundNames(template.body).has(name)) return
    const isOwn = found.file === template.file
    const stage = isForRuns === true ? 'run' : 'compile'
    latent.push({
      node: node.id,
      certainIn: isOwn && alwaysRendered(template.body).has(offset) ? stage : undefined,
      problem: problem(
        'model/undefined-name',
        { node: node.name, name, nearest: nearest(name, knownNames(library, node.package)) },
        { at: isOwn && at !== undefined ? at : found },
      ),
    })
  }
}

/** Notes a variable without a value, at the first place that asks for it: the node's own file or a macro. */
export function noteMissingVariable(
  latent: LatentProblem[],
  library: MacroLibrary,
  node: Node,
  { name, fault }: { readonly name: string; readonly fault: MillraceError },
): void {
  const own = node.text === undefined ? undefined : callOfVariable(node.file, node.text, name)
  const at = own?.at ?? placeInMacros(library, name) ?? { file: node.file }
  const certainIn = own?.isCertain === true ? 'compile' : undefined
  latent.push({ node: node.id, certainIn, problem: withPosition(fault, at) })
}

function callOfVariable(file: string, text: string, name: string) {
  const { body } = compileTemplate(file, text)
  const call = findCalls(body, 'var').find(({ literals }) => literals[0] === name)
  return (
    call && {
      at: placeFinder(file, text)(call.at),
      isCertain: alwaysRendered(body).has(call.at),
    }
  )
}

function placeInMacros({ packages }: MacroLibrary, name: string): Position | undefined {
  for (const [owner, macros] of packages) {
    if (owner === standardPackage) continue
    for (const { file, text } of macros.values()) {
      const found = [...text.matchAll(/\bvar\(\s*(['"])(.*?)\1/g)].find(([, , one]) => one === name)
      if (found !== undefined) return placeFinder(file, text)(found.index)
    }
  }
  return undefined
}

function knownNames({ packages, root }: MacroLibrary, owner: string): string[] {
  const own = [owner, root].flatMap((each) => [...(packages.get(each)?.keys() ?? [])])
  const others = [...packages].flatMap(([each, macros]) =>
    [...macros.keys()].map((name) => `${each}.${name}`),
  )
  return [...own, ...(packages.get(standardPackage)?.keys() ?? []), ...packages.keys(), ...others]
}
