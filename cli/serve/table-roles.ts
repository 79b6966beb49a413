/** Which roles the tables of the lake ask for, by what the project says of publishing its models. */
import type { Graph } from '../../transform/index.ts'
import { parsePublishSettings } from '../../transform/publish/request.ts'
import { publishSettingsOf } from '../runner/publish-built.ts'

type Roles = readonly (readonly string[])[]

/**
 * `schema.table` in lower case → lists of roles, of each of which a caller needs one. A model that the API serves has the
 * roles it is published with; any other may show what it reads, so it asks for what the models upstream ask for.
 * @throws `publish/bad-settings`
 */
export function tableRolesOf(graph: Pick<Graph, 'nodes'>): Record<string, Roles> {
  const known = new Map<string, Roles>()
  const rolesOf = (id: string): Roles => {
    const found = known.get(id)
    if (found !== undefined) return found
    const node = graph.nodes.get(id)
    // Stands for the node while its upstream is looked at.
    known.set(id, [])
    const own = node !== undefined && 'config' in node ? servedRoles(node) : undefined
    const dependencies = node !== undefined && 'dependencies' in node ? node.dependencies : []
    const roles = own ?? withoutRepeats(dependencies.flatMap(rolesOf))
    known.set(id, roles)
    return roles
  }
  const tables = [...graph.nodes.values()].flatMap((node) => {
    if (node.kind !== 'model' && node.kind !== 'seed' && node.kind !== 'snapshot') return []
    const { schema, name } = node.relation
    return [[`${schema}.${name}`.toLowerCase(), rolesOf(node.id)] as const]
  })
  return Object.fromEntries(tables)
}

/** Undefined when the API does not serve it. */
function servedRoles({ name, config }: Named): Roles | undefined {
  const settings = publishSettingsOf(config)
  if (settings === undefined) return undefined
  const { api, roles = [] } = parsePublishSettings(name, settings)
  if (api !== true) return undefined
  return roles.length === 0 ? [] : [roles]
}

type Named = { readonly name: string; readonly config: Parameters<typeof publishSettingsOf>[0] }

function withoutRepeats(roles: Roles): Roles {
  return [...new Map(roles.map((any) => [JSON.stringify(any), any])).values()]
}
