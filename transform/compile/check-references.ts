/** What schema files say of nodes they do not define: groups, exposures, unit tests. */
import { MillraceError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import { compileTemplate } from '../jinja/template.ts'
import { withPosition } from '../jinja/with-position.ts'
import type { Group } from '../project/project.ts'
import { type Compilation, makeNames } from './drafts.ts'
import { type GraphNode, textConfig } from './graph.ts'
import type { NameIndex } from './index-names.ts'
import { ParseHost } from './parse-host.ts'

/** Groups that nobody defines, and refs to a private model from outside its group. */
export function findForbiddenRefs(
  nodes: ReadonlyMap<string, GraphNode>,
  groups: readonly Group[],
): MillraceError[] {
  const known = groups.map(({ name }) => name)
  return [...nodes.values()].flatMap((node) => {
    const at = { file: node.file }
    const group = textConfig(node.config, 'group')
    if (group !== undefined && !known.includes(group)) {
      const parameters = { node: node.name, group, nearest: nearest(group, known) }
      return [problem('model/unknown-group', parameters, { at })]
    }
    if (node.kind === 'test') return []
    return node.dependencies.flatMap((id) => {
      const parent = nodes.get(id)
      if (parent === undefined || parent.config['access'] !== 'private') return []
      const theirs = textConfig(parent.config, 'group')
      if (theirs === group) return []
      const parameters = { node: node.name, parent: parent.name, group: theirs ?? '' }
      return [problem('model/private-ref', parameters, { at })]
    })
  })
}

/** Exposures and unit tests that name what is not there. */
export function findBrokenReferences(compilation: Compilation, index: NameIndex): MillraceError[] {
  return compilation.project.references.flatMap((reference) => {
    const { kind, name, package: owner, call, at } = reference
    const named = { name, id: `${kind}.${name}`, file: at.file, fqn: [owner], package: owner, kind }
    const asked = new ParseHost({})
    try {
      const { all } = makeNames(compilation, named, asked, 'sync')
      compileTemplate(at.file, `{{ ${call} }}`).renderSync(all)
      const found = index.resolve(named, asked.refs, asked.sources)
      return found.problems.map((fault) => withPosition(fault, at))
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      return [withPosition(error, at)]
    }
  })
}
