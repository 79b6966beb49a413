/** What all entries of schema files share: name, description, config, and where they stand. */
import { mergeDeep } from './merge-deep.ts'
import type { Config, Entry } from './project-properties.ts'
import type { YamlNode } from './yaml-node.ts'

/** Whose file is read, and where it lies. */
export type SchemaPlace = {
  readonly package: string
  /** Folders between the folder that was searched and the file. */
  readonly folders: readonly string[]
}

/** Keys that dbt reads from beside `config:` and from inside it. */
export const nodeConfigKeys = ['meta', 'docs', 'group', 'contract', 'access'] as const

/**
 * The shared part of an entry, or nothing for one without a name.
 * @param known keys that may stand in the entry, others are warned of
 * @param moved those of them that belong to the config
 */
export function readEntry(
  node: YamlNode,
  place: SchemaPlace,
  known: readonly string[],
  moved: readonly string[],
): Entry[] {
  const name = readName(node)
  if (name === undefined) return []
  node.warnUnknown(known)
  const config = readConfig(node, moved)
  return [
    {
      ...place,
      name,
      file: node.file,
      description: node.text('description', ''),
      config,
      // dbt lays the words under `config:` over what has them already: lists stand there twice.
      unrendered: mergeDeep(config, node.object('config')),
      at: node.at,
    },
  ]
}

/** The `name:` that every entry needs. */
export function readName(node: YamlNode): string | undefined {
  const name = node.optionalText('name')
  if (name === undefined) node.wrong('needs a name')
  return name
}

/** `config:` with the keys said beside it: tags add up, `meta` merges, anything else is said once. */
export function readConfig(node: YamlNode, moved: readonly string[]): Config {
  const inner = node.object('config')
  const beside = moved.filter((key) => node.has(key))
  if (beside.length === 0) return inner
  const config: Record<string, unknown> = { ...inner }
  for (const key of beside) {
    if (key === 'tags') config[key] = readTags(node)
    else if (key === 'meta') config[key] = readMeta(node)
    else config[key] ??= node.child(key).value
  }
  return config
}

/** `tags` beside `config:` and inside it, each once. */
export function readTags(node: YamlNode): string[] {
  const inner = node.child('config').texts('tags') ?? []
  return [...new Set([...(node.texts('tags') ?? []), ...inner])]
}

/** `meta` beside `config:` and inside it; the inner one wins. */
export function readMeta(node: YamlNode): Config {
  return { ...node.object('meta'), ...node.child('config').object('meta') }
}
