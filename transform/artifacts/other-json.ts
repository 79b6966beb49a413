/** Macros, docs blocks and groups of a manifest. */
import type { DocNode, GroupNode, MacroNode } from '../compile/graph.ts'
import { fullConfig } from './config-defaults.ts'
import { ownerJson } from './described-json.ts'
import { type JsonObject, listOf, orNull } from './json.ts'
import type { NodeDetails } from './node-details.ts'
import { patchPath } from './node-parts.ts'

export function macroJson(macro: MacroNode, details: NodeDetails): JsonObject {
  const docs = { show: true, node_color: null, ...macro.docs }
  return {
    ...baseJson(macro),
    macro_sql: macro.code,
    depends_on: { macros: macro.macros },
    description: macro.description,
    meta: macro.meta,
    docs,
    config: fullConfig('macro', { meta: macro.meta, docs }),
    patch_path: patchPath(macro.patch),
    arguments: macro.arguments.map(({ name, type, description }) => ({
      name: orNull(name),
      type: orNull(type),
      description: description ?? '',
    })),
    created_at: details.createdAt ?? 0,
    supported_languages: languagesOf(macro),
  }
}

/** `supported_languages=[…]` of a materialization; null for other macros. */
function languagesOf({ name, code }: MacroNode): readonly unknown[] | null {
  if (!name.startsWith('materialization_')) return null
  const said = /supported_languages\s*=\s*\[([^\]]*)\]/.exec(code)?.[1]
  const names = said?.split(',').map((text) => text.trim().replace(/^['"]|['"]$/g, ''))
  return listOf(names ?? ['sql']).filter((text) => text !== '')
}

export function docJson(doc: DocNode): JsonObject {
  return { ...baseJson(doc), block_contents: doc.text }
}

export function groupJson(group: GroupNode): JsonObject {
  return {
    ...baseJson(group),
    owner: ownerJson(group.owner),
    description: orNull(group.description),
    config: { meta: {}, ...group.config },
  }
}

function baseJson(resource: MacroNode | DocNode | GroupNode): JsonObject {
  return {
    name: resource.name,
    resource_type: resource.kind,
    package_name: resource.package,
    path: resource.path,
    original_file_path: resource.file,
    unique_id: resource.id,
  }
}
