/** Which schema and name a node gets: dbt's rules, or the project's own `generate_schema_name` and `generate_alias_name`. */
import { toTemplateValue, toText } from '../jinja/values.ts'
import type { Config } from '../project/project.ts'
import { type Compilation, makeNames } from './drafts.ts'
import { type Relation, textConfig } from './graph.ts'
import type { NamedNode } from './node-names.ts'
import { ParseHost } from './parse-host.ts'

export function nameRelation(compilation: Compilation, node: NamedNode, config: Config): Relation {
  const { target } = compilation.inputs
  const schema = textConfig(config, 'schema')
  const alias = textConfig(config, 'alias')
  const plainSchema = schema === undefined ? target.schema : `${target.schema}_${schema.trim()}`
  return {
    catalog: textConfig(config, 'database') ?? target.database,
    schema: callMacro(compilation, node, config, 'generate_schema_name', schema) ?? plainSchema,
    name: callMacro(compilation, node, config, 'generate_alias_name', alias) ?? alias ?? node.name,
  }
}

/** The project's macro for a name, when it has one. */
function callMacro(
  compilation: Compilation,
  node: NamedNode,
  config: Config,
  macro: string,
  custom: string | undefined,
): string | undefined {
  if (!compilation.library.files.has(macro)) return undefined
  const { all } = makeNames(compilation, node, new ParseHost(config), 'sync')
  const model = toTemplateValue({ ...node, fqn: [...node.fqn], config })
  const text = all.macro(macro)?.call({ positional: [custom ?? null, model], named: new Map() })
  return toText(text).trim()
}
