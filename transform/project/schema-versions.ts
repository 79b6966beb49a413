/** `versions:` of a model: each becomes properties of its own, with what it does not say taken from the model. */
import type { Column, ModelVersion, Properties, TestDeclaration } from './project.ts'
import { readAllTests, readColumns, readConfig } from './schema-parts.ts'
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
  'tags',
]

type Shared = Omit<Properties, 'versions' | 'latestVersion'>

/** @param shared what the model says for all of its versions */
export function readVersions(
  node: YamlNode,
  shared: Shared,
): Pick<Properties, 'versions' | 'latestVersion'> {
  const versions = node.items('versions').flatMap((item) => readVersion(item, shared))
  const seen = new Set<string>()
  for (const { version, at } of versions) {
    if (seen.has(version)) node.child('versions').wrong(`names version ${version} twice`, at)
    seen.add(version)
  }
  const latest = node.optionalText('latest_version') ?? newest(versions)
  if (latest !== undefined && !seen.has(latest)) {
    node.child('latest_version').wrong(`is ${latest}, which is not among the versions`)
  }
  return { versions, latestVersion: latest }
}

/** The highest number, or the last in the alphabet when some are no numbers. */
function newest(versions: readonly ModelVersion[]): string | undefined {
  const names = versions.map(({ version }) => version)
  const areNumbers = names.every((name) => !Number.isNaN(Number(name)))
  return areNumbers ? names.sort((a, b) => Number(a) - Number(b)).at(-1) : names.sort().at(-1)
}

function readVersion(node: YamlNode, shared: Shared): ModelVersion[] {
  const version = node.optionalText('v')
  if (version === undefined) {
    node.wrong('needs v: the number or name of the version')
    return []
  }
  node.warnUnknown(versionKeys)
  const { config } = shared
  return [
    {
      version,
      definedIn: node.optionalText('defined_in'),
      description: node.text('description', shared.description),
      config: { ...config, ...readConfig(node) },
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
  const inheritsAll = !node.has('columns') || /^(\*|all)$/.test(include[0] ?? '')
  const exclude = rule?.texts('exclude') ?? []
  const replaced = new Set(readColumns(own).map(({ name }) => name))
  const isInherited = (column: string) =>
    (inheritsAll || include.includes(column)) && !exclude.includes(column) && !replaced.has(column)
  const columns: Column[] = shared.columns.filter(({ name }) => isInherited(name))
  const ownTests = readAllTests(own)
  const saysTests = node.has('data_tests') || node.has('tests')
  const tests: TestDeclaration[] = shared.tests.filter(({ column }) =>
    column === undefined ? !saysTests : isInherited(column),
  )
  return { columns: [...columns, ...readColumns(own)], tests: [...tests, ...ownTests] }
}
