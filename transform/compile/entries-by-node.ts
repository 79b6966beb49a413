/** Entries of schema files that describe another package's seed or model, because their own one is not there. */
import type { Project, Properties, SqlFile } from '../project/project.ts'
import { propertiesKey } from './draft-sources.ts'
import { configWithoutHeader } from './drafts.ts'

/**
 * Entries of models and seeds by `kind.package.name` of what they describe. As in dbt, which looks for what an entry
 * names in all packages when its own has none that is switched on: the seed that a project puts in the place of a
 * package's own.
 */
export function entriesByNode(project: Project): ReadonlyMap<string, Properties> {
  const entries = new Map(
    project.properties.map((entry) => [propertiesKey(entry.kind, entry), entry] as const),
  )
  if (project.packages.length === 0) return entries
  const byName = ({ name }: Named) => name
  const seeds = Map.groupBy<string, Named>(project.seeds, byName)
  const models = Map.groupBy<string, Named>([...project.models, ...project.pythonModels], byName)
  for (const entry of project.properties) {
    const [kind, files] =
      entry.kind === 'seed' ? (['seeds', seeds] as const) : (['models', models] as const)
    const other = findOther(project, entry, kind, files.get(entry.name) ?? [])
    if (other === undefined || entries.has(propertiesKey(entry.kind, other))) continue
    entries.delete(propertiesKey(entry.kind, entry))
    entries.set(propertiesKey(entry.kind, other), entry)
  }
  return entries
}

/** The file of another package that an entry describes; undefined when its own package has one, or nobody. */
function findOther(
  project: Project,
  entry: Properties,
  kind: 'seeds' | 'models',
  named: readonly Named[],
): Named | undefined {
  if (entry.versions.length > 0 || named.length === 0) return undefined
  const isOn = ({ package: owner, folders, name }: Named) => {
    const said = owner === entry.package ? entry.config : {}
    return configWithoutHeader(project, kind, [owner, ...folders, name], said)['enabled'] !== false
  }
  const files = named.filter(isOn)
  return files.some((file) => file.package === entry.package) ? undefined : files[0]
}

type Named = Pick<SqlFile, 'package' | 'folders' | 'name'>
