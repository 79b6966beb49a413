/** Reads `dbt_project.yml`. */
import { problem } from '../../core/problems.ts'
import type { Config, ProjectSettings } from './project.ts'
import type { Deprecation } from './report.ts'
import { acceptsDbt } from './required-version.ts'
import type { YamlNode } from './yaml-node.ts'

/** Every key dbt knows at the top; those Millrace does not act on yet are accepted in silence. */
const knownKeys = [
  'name',
  'version',
  'profile',
  'config-version',
  'require-dbt-version',
  'model-paths',
  'source-paths',
  'seed-paths',
  'data-paths',
  'test-paths',
  'macro-paths',
  'snapshot-paths',
  'analysis-paths',
  'docs-paths',
  'asset-paths',
  'function-paths',
  'osi-paths',
  'project-root',
  'packages-install-path',
  'target-path',
  'log-path',
  'clean-targets',
  'vars',
  'models',
  'seeds',
  'tests',
  'data_tests',
  'snapshots',
  'sources',
  'exposures',
  'metrics',
  'semantic-models',
  'semantic_models',
  'saved-queries',
  'saved_queries',
  'unit_tests',
  'functions',
  'analyses',
  'on-run-start',
  'on-run-end',
  'dispatch',
  'quoting',
  'query-comment',
  'flags',
  'dbt-cloud',
  'restrict-access',
  'anchors',
]

export function readProjectSettings(node: YamlNode): ProjectSettings {
  node.warnUnknown(knownKeys)
  if (node.has('source-paths')) node.child('source-paths').deprecated('ConfigSourcePathDeprecation')
  if (node.has('data-paths')) node.child('data-paths').deprecated('ConfigDataPathDeprecation')
  warnOutputPath(node, 'log-path', 'logs', 'ConfigLogPathDeprecation')
  warnOutputPath(node, 'target-path', 'target', 'ConfigTargetPathDeprecation')
  if (node.has('tests') && node.has('data_tests')) {
    node.child('tests').wrong('and data_tests mean the same: keep one of the two')
  }
  const required = node.texts('require-dbt-version') ?? []
  if (!acceptsDbt(required)) {
    const parameters = { required: required.join(', ') }
    const wanted = node.child('require-dbt-version')
    wanted.report((at) => problem('model/wrong-dbt-version', parameters, { at }))
  }
  const name = node.optionalText('name')
  if (name === undefined || !/^[A-Za-z_]\w*$/.test(name)) {
    node.child('name').wrong('must be the name of the project: letters, digits and _')
  }
  const paths = readPaths(node)
  return {
    name: name ?? '',
    file: node.file,
    fileText: node.fileText,
    version: node.optionalText('version'),
    profile: node.optionalText('profile'),
    requireDbtVersion: required,
    ...paths,
    // Docs blocks may stand beside anything.
    docsPaths: folders(node, 'docs-paths') ?? [...new Set(Object.values(paths).flat())],
    assetPaths: folders(node, 'asset-paths') ?? [],
    targetPath: node.text('target-path', 'target'),
    logPath: node.text('log-path', 'logs'),
    cleanTargets: node.texts('clean-targets'),
    packagesPath: node.text('packages-install-path', 'dbt_packages'),
    vars: node.object('vars'),
    dispatch: node.items('dispatch').map(readDispatch),
    quoting: node.object('quoting'),
    queryComment: node.child('query-comment').value,
    flags: node.object('flags'),
    onRunStart: node.texts('on-run-start') ?? [],
    onRunEnd: node.texts('on-run-end') ?? [],
    restrictAccess: node.child('restrict-access').value === true,
    dbtCloud: node.object('dbt-cloud'),
    configs: readConfigs(node),
  }
}

/** Said as dbt has it anyway, an output folder is no reason to warn. */
function warnOutputPath(node: YamlNode, key: string, usual: string, name: Deprecation): void {
  if (node.has(key) && node.get(key) !== usual) node.child(key).deprecated(name)
}

/** Keys of dbt_project.yml that Python spells with a dash, and that may also be spelt with `_`. */
function either(node: YamlNode, key: string): Config {
  return node.has(key) ? node.object(key) : node.object(key.replaceAll('-', '_'))
}

function readConfigs(node: YamlNode): ProjectSettings['configs'] {
  return {
    models: node.object('models'),
    seeds: node.object('seeds'),
    snapshots: node.object('snapshots'),
    tests: node.has('data_tests') ? node.object('data_tests') : node.object('tests'),
    sources: node.object('sources'),
    exposures: node.object('exposures'),
    metrics: node.object('metrics'),
    semanticModels: either(node, 'semantic-models'),
    savedQueries: either(node, 'saved-queries'),
    unitTests: node.object('unit_tests'),
    functions: node.object('functions'),
    analyses: node.object('analyses'),
  }
}

/** A list of folders; a single one may stand by itself. */
function folders(node: YamlNode, key: string): string[] | undefined {
  const { value } = node.child(key)
  const items = Array.isArray(value) ? value : [value]
  if (value !== undefined && value !== null && !items.every((item) => typeof item === 'string')) {
    node.child(key).wrong('must be a list of folders')
  }
  return node.texts(key)
}

function readDispatch(node: YamlNode): Config {
  for (const key of ['macro_namespace', 'search_order']) {
    if (!node.has(key)) node.wrong(`needs ${key}`)
  }
  return {
    macro_namespace: node.text('macro_namespace', ''),
    search_order: node.texts('search_order'),
  }
}

function readPaths(node: YamlNode) {
  return {
    modelPaths: folders(node, 'model-paths') ?? folders(node, 'source-paths') ?? ['models'],
    seedPaths: folders(node, 'seed-paths') ?? folders(node, 'data-paths') ?? ['seeds'],
    snapshotPaths: folders(node, 'snapshot-paths') ?? ['snapshots'],
    analysisPaths: folders(node, 'analysis-paths') ?? ['analyses'],
    macroPaths: folders(node, 'macro-paths') ?? ['macros'],
    testPaths: folders(node, 'test-paths') ?? ['tests'],
    functionPaths: folders(node, 'function-paths') ?? ['functions'],
  }
}
