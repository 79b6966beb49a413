/** Reads a schema file: what a `.yml` beside the models says about the resources of a project. */
import type { Resources } from './project.ts'
import type { SchemaPlace } from './schema-entry.ts'
import { readExposure, readGroup, referencesOfExposure } from './schema-exposures.ts'
import { readFunction, readMacro } from './schema-macros.ts'
import { readMetric } from './schema-metrics.ts'
import { readProperties } from './schema-models.ts'
import { readAnalysis, readSingularTest, readSnapshot } from './schema-nodes.ts'
import { readSavedQuery } from './schema-saved-queries.ts'
import { readModelSemantics, readSemanticModel } from './schema-semantic-models.ts'
import { readSource } from './schema-sources.ts'
import { readUnitTest, referencesOfUnitTest } from './schema-unit-tests.ts'
import type { SourceEntry } from './source-overrides.ts'
import type { YamlNode } from './yaml-node.ts'

/** Resources that schema files speak of; files of their own hold the others. */
type Described = Pick<
  Resources,
  | 'properties'
  | 'snapshotProperties'
  | 'analysisProperties'
  | 'functionProperties'
  | 'testProperties'
  | 'macroProperties'
  | 'sources'
  | 'groups'
  | 'exposures'
  | 'unitTests'
  | 'metrics'
  | 'semanticModels'
  | 'savedQueries'
  | 'references'
>

export type SchemaFile = Described & {
  /** As they stand in the file, for the projects that override them. */
  readonly sourceEntries: readonly SourceEntry[]
}

const topKeys = [
  'version',
  'models',
  'seeds',
  'sources',
  'snapshots',
  'macros',
  'exposures',
  'metrics',
  'groups',
  'unit_tests',
  'data_tests',
  'tests',
  'semantic_models',
  'saved_queries',
  'analyses',
  'functions',
  'anchors',
]

/** Everything a schema file says; what is wrong is listed in the node's report. */
export function readSchemaFile(node: YamlNode, place: SchemaPlace): SchemaFile {
  node.warnUnknown(topKeys)
  const sourceEntries = node.items('sources').map((item) => ({ node: item, place }))
  const own = sourceEntries.filter((entry) => !entry.node.has('overrides'))
  const exposures = node
    .items('exposures')
    .flatMap((item) => readExposure(item, place).map((entry) => ({ item, entry })))
  const unitTests = node
    .items('unit_tests')
    .flatMap((item) => readUnitTest(item, place).map((entry) => ({ item, entry })))
  const models = node
    .items('models')
    .flatMap((item) => readProperties(item, 'model', place).map((entry) => ({ item, entry })))
  const semantics = [
    ...models.map(({ item, entry }) => readModelSemantics(item, place, entry)),
    ...node.items('semantic_models').map((item) => readSemanticModel(item, place)),
  ]
  return {
    properties: [
      ...models.map(({ entry }) => entry),
      ...node.items('seeds').flatMap((item) => readProperties(item, 'seed', place)),
    ],
    snapshotProperties: node.items('snapshots').flatMap((item) => readSnapshot(item, place)),
    analysisProperties: node.items('analyses').flatMap((item) => readAnalysis(item, place)),
    functionProperties: node.items('functions').flatMap((item) => readFunction(item, place)),
    testProperties: node.items('data_tests').flatMap((item) => readSingularTest(item, place)),
    macroProperties: node.items('macros').flatMap((item) => readMacro(item, place)),
    sources: own.flatMap((entry) => readSource(entry.node, place)),
    groups: node.items('groups').flatMap((item) => readGroup(item, place)),
    exposures: exposures.map(({ entry }) => entry),
    unitTests: unitTests.map(({ entry }) => entry),
    metrics: [
      ...semantics.flatMap(({ metrics }) => metrics),
      ...node.items('metrics').flatMap((item) => readMetric(item, place)),
    ],
    semanticModels: semantics.flatMap(({ semanticModels }) => semanticModels),
    savedQueries: node.items('saved_queries').flatMap((item) => readSavedQuery(item, place)),
    references: [
      ...exposures.flatMap(({ item, entry }) => referencesOfExposure(item, entry)),
      ...unitTests.flatMap(({ item, entry }) => referencesOfUnitTest(item, entry)),
    ],
    sourceEntries,
  }
}

/** What several files (or folders of them) say, one after the other. */
export function joinSchemaFiles(files: readonly SchemaFile[]): SchemaFile {
  return {
    properties: files.flatMap(({ properties }) => properties),
    snapshotProperties: files.flatMap(({ snapshotProperties }) => snapshotProperties),
    analysisProperties: files.flatMap(({ analysisProperties }) => analysisProperties),
    functionProperties: files.flatMap(({ functionProperties }) => functionProperties),
    testProperties: files.flatMap(({ testProperties }) => testProperties),
    macroProperties: files.flatMap(({ macroProperties }) => macroProperties),
    sources: files.flatMap(({ sources }) => sources),
    groups: files.flatMap(({ groups }) => groups),
    exposures: files.flatMap(({ exposures }) => exposures),
    unitTests: files.flatMap(({ unitTests }) => unitTests),
    metrics: files.flatMap(({ metrics }) => metrics),
    semanticModels: files.flatMap(({ semanticModels }) => semanticModels),
    savedQueries: files.flatMap(({ savedQueries }) => savedQueries),
    references: files.flatMap(({ references }) => references),
    sourceEntries: files.flatMap(({ sourceEntries }) => sourceEntries),
  }
}
