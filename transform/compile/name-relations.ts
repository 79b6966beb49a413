/** Which schema and name a node gets: dbt's rules, or the project's own `generate_schema_name` and `generate_alias_name`. */
import { compileTemplate } from '../jinja/template.ts'
import { toTemplateValue } from '../jinja/values.ts'
import type { Config } from '../project/project.ts'
import { type Compilation, makeNames } from './drafts.ts'
import { type Relation, textConfig } from './graph.ts'
import type { MacroLibrary } from './macros.ts'
import type { NamedNode } from './node-names.ts'
import { ParseHost } from './parse-host.ts'
import { tagsOf } from './resolve-config.ts'

export function nameRelation(compilation: Compilation, node: NamedNode, config: Config): Relation {
  const { target } = compilation.inputs
  const { database, schema, alias } = {
    database: textConfig(config, 'database'),
    schema: textConfig(config, 'schema'),
    alias: textConfig(config, 'alias'),
  }
  const call = (macro: string, custom: string | undefined) =>
    callMacro(compilation, node, config, macro, custom)
  const plainSchema = schema === undefined ? target.schema : `${target.schema}_${schema.trim()}`
  return {
    catalog:
      textConfig(config, 'target_database') ??
      call('generate_database_name', database) ??
      database ??
      target.database,
    schema:
      textConfig(config, 'target_schema') ?? call('generate_schema_name', schema) ?? plainSchema,
    name: call('generate_alias_name', alias) ?? alias ?? plainName(node),
  }
}

/** `orders`, or `orders_v2` for a version. */
function plainName({ name, version }: NamedNode): string {
  return version === undefined ? name : `${name}_v${version.replaceAll('.', '_')}`
}

const naming = compileTemplate('dbt_project.yml', '{{ naming_macro(*naming_arguments) }}', true)

/** The project's macro for a name, when it has one; dbt's own rule is not worth a rendering. */
function callMacro(
  compilation: Compilation,
  node: NamedNode,
  config: Config,
  macro: string,
  custom: string | undefined,
): string | undefined {
  if (!isOverridden(compilation.library, macro, node.package)) return undefined
  const names = makeNames(compilation, node, new ParseHost(config), 'sync')
  const { all } = names
  const model = toTemplateValue({
    ...node,
    unique_id: node.id,
    resource_type: node.kind,
    package_name: node.package,
    original_file_path: node.file,
    path: node.file,
    fqn: [...node.fqn],
    tags: tagsOf(config),
    meta: config['meta'] ?? {},
    config,
  })
  const { own } = names
  own.set('naming_macro', all.macro(macro))
  own.set('naming_arguments', [custom ?? null, model])
  // A template of its own, so that what goes wrong is told with its place.
  return naming.renderSync(all).trim()
}

/** A macro of the node's own package, or one of the root project's, made for DuckDB or not. */
function isOverridden({ root, packages }: MacroLibrary, macro: string, owner: string): boolean {
  const forms = [macro, `default__${macro}`, `duckdb__${macro}`]
  const ofPackage = packages.get(owner)?.has(macro) === true
  return ofPackage || forms.some((form) => packages.get(root)?.has(form))
}
