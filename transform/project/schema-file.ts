/** Reads a schema file: what a `.yml` beside the models says about the resources of a project. */
import type { Group, Reference } from './project-others.ts'
import type { Properties } from './project-properties.ts'
import type { SourceTable } from './project-sources.ts'
import type { SchemaPlace } from './schema-entry.ts'
import { readProperties } from './schema-models.ts'
import { readGroup, readReferences } from './schema-others.ts'
import { readSource } from './schema-sources.ts'
import type { YamlNode } from './yaml-node.ts'

export type SchemaFile = {
  readonly groups: readonly Group[]
  readonly references: readonly Reference[]
  readonly properties: readonly Properties[]
  readonly sources: readonly SourceTable[]
}

export const emptySchemaFile: SchemaFile = {
  groups: [],
  references: [],
  properties: [],
  sources: [],
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
  return {
    properties: [
      ...node.items('models').flatMap((item) => readProperties(item, 'model', place)),
      ...node.items('seeds').flatMap((item) => readProperties(item, 'seed', place)),
    ],
    groups: node.items('groups').flatMap((item) => readGroup(item, place)),
    references: [
      ...node.items('exposures').flatMap((item) => readReferences(item, place.package, 'exposure')),
      ...node
        .items('unit_tests')
        .flatMap((item) => readReferences(item, place.package, 'unit test')),
    ],
    sources: node.items('sources').flatMap((item) => readSource(item, place)),
  }
}
