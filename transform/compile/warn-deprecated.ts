/** Models with a date after which nobody ought to read them. */
import type { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { GraphNode, ModelNode } from './graph.ts'

/**
 * As in dbt: a model is warned of when its date is past, and whoever reads it is warned before that too.
 * @param startedAt ISO 8601
 */
export function warnDeprecated(
  nodes: ReadonlyMap<string, GraphNode>,
  startedAt: string,
): MillraceError[] {
  const models = [...nodes.values()].filter((node) => node.kind === 'model')
  const dated = new Map(models.flatMap((node) => (isDated(node) ? [[node.id, node] as const] : [])))
  if (dated.size === 0) return []
  const isPast = ({ deprecationDate = '' }: ModelNode) =>
    Date.parse(deprecationDate) < Date.parse(startedAt)
  const past = [...dated.values()].filter(isPast)
  return [
    ...past.map((model) => warning('DeprecatedModel', model, undefined)),
    ...models.flatMap((reader) =>
      reader.dependencies.flatMap((id) => {
        const model = dated.get(id)
        if (model === undefined) return []
        const name = isPast(model) ? 'DeprecatedReference' : 'UpcomingReferenceDeprecation'
        return [warning(name, model, reader)]
      }),
    ),
  ]
}

function isDated({ deprecationDate }: ModelNode): boolean {
  return deprecationDate !== undefined && !Number.isNaN(Date.parse(deprecationDate))
}

function warning(name: string, model: ModelNode, reader: ModelNode | undefined): MillraceError {
  const { name: plain, version, deprecationDate: date = '', file } = model
  const spelt = version === undefined ? plain : `${plain} v${version}`
  const parameters = { name, model: spelt, date, reader: reader?.name }
  return problem('model/deprecated-model', parameters, { at: { file: reader?.file ?? file } })
}
