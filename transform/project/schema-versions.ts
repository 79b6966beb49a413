/** `versions:` of a model: each becomes properties of its own, with what it does not say taken from the model. */
import { mergeDeep } from './merge-deep.ts'
import type {
  Column,
  ModelVersion,
  Properties,
  TestDeclaration,
  VersionName,
} from './project-properties.ts'
import { readColumns, readConstraints } from './schema-columns.ts'
import { nodeConfigKeys, readConfig } from './schema-entry.ts'
import { readAllTests } from './schema-tests.ts'
import type { YamlNode } from './yaml-node.ts'

const versionKeys = [
  'v',
  'name',
  'defined_in',
  'description',
  'config',
  'columns',
  'tests',
  'data_tests',
  'docs',
  'access',
  'constraints',
  'deprecation_date',
  'meta',
]

type Shared = Omit<Properties, 'versions' | 'latestVersion' | 'latest'>

/** @param shared what the model says for all of its versions */
export function readVersions(
  node: YamlNode,
  shared: Shared,
): Pick<Properties, 'versions' | 'latestVersion' | 'latest'> {
  const versions = node.items('versions').flatMap((item) => readVersion(item, shared))
  const seen = new Set<string>()
  for (const { version, at } of versions) {
    if (seen.has(version)) node.child('versions').wrong(`names version ${version} twice`, at)
    seen.add(version)
  }
  const latest = readVersionName(node.child('latest_version')) ?? newest(versions)
  if (latest !== undefined && !seen.has(String(latest))) {
    node.child('latest_version').wrong(`is ${latest}, which is not among the versions`)
  }
  return { versions, latest, latestVersion: latest === undefined ? undefined : String(latest) }
}

/** A number stays one: dbt writes `1` and `"1"` as they are said. */
export function readVersionName({ value }: YamlNode): VersionName | undefined {
  return typeof value === 'number' || typeof value === 'string' ? value : undefined
}

/** The highest number, or the last in the alphabet when some are no numbers. */
function newest(versions: readonly ModelVersion[]): VersionName | undefined {
  const areNumbers = versions.every(({ version }) => !Number.isNaN(Number(version)))
  const order = (left: ModelVersion, right: ModelVersion) =>
    areNumbers
      ? Number(left.version) - Number(right.version)
      : left.version < right.version
        ? -1
        : 1
  return versions.toSorted(order).at(-1)?.v
}

function readVersion(node: YamlNode, shared: Shared): ModelVersion[] {
  const v = readVersionName(node.child('v'))
  if (v === undefined) {
    node.wrong('needs v: the number or name of the version')
    return []
  }
  node.warnUnknown(versionKeys)
  const constraints = readConstraints(node)
  const config = mergeDeep(shared.config, readConfig(node, nodeConfigKeys))
  return [
    {
      version: String(v),
      v,
      definedIn: node.optionalText('defined_in'),
      description: node.text('description', '') || shared.description,
      config,
      // dbt lays the words of the version over what has them already: lists stand there twice.
      unrendered: mergeDeep(config, node.object('config')),
      constraints: constraints.length > 0 ? constraints : shared.constraints,
      deprecationDate: node.optionalText('deprecation_date'),
      ...columnsOf(node, shared),
      at: node.at,
    },
  ]
}

/** Without `columns:` all are inherited; `include` and `exclude` say which, and named ones are the version's own. */
function columnsOf(node: YamlNode, shared: Shared): Pick<ModelVersion, 'columns' | 'tests'> {
  const own = node.withoutItems('columns', (item) => item.has('include') || item.has('exclude'))
  const rule = node.items('columns').find((item) => item.has('include') || item.has('exclude'))
  const include = rule?.texts('include') ?? []
  const inheritsAll = rule === undefined || /^(\*|all)$/.test(include[0] ?? '*')
  const exclude = rule?.texts('exclude') ?? []
  const columns = readColumns(own)
  const replaced = new Set(columns.map(({ name }) => name))
  const isInherited = (column: string) =>
    (inheritsAll || include.includes(column)) && !exclude.includes(column) && !replaced.has(column)
  const inherited: Column[] = shared.columns.filter(({ name }) => isInherited(name))
  const saysTests = node.has('data_tests') || node.has('tests')
  const tests: TestDeclaration[] = shared.tests.filter(({ column }) =>
    column === undefined ? !saysTests : isInherited(column),
  )
  return { columns: [...inherited, ...columns], tests: [...tests, ...readAllTests(own)] }
}
