/**
 * What is compared of a compiled project: a manifest without what differs from machine to machine, and the answers of
 * `ls`. The same function makes it from dbt's manifest and from ours.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'

const resource = z.record(z.string(), z.unknown())
const byId = z.record(z.string(), resource)
const edges = z.record(z.string(), z.array(z.string()))

const manifestSchema = z.object({
  nodes: byId,
  sources: byId,
  macros: byId,
  docs: byId,
  exposures: byId,
  metrics: byId,
  groups: byId,
  selectors: z.record(z.string(), z.unknown()),
  disabled: z.record(z.string(), z.array(resource)),
  parent_map: edges,
  child_map: edges,
  group_map: edges,
  saved_queries: byId,
  semantic_models: byId,
  unit_tests: byId,
  functions: byId,
})

const recordingSchema = z.strictObject({
  /** Every resource of the project and its packages, dbt's own macros and docs apart. */
  resources: byId,
  disabled: z.record(z.string(), z.array(resource)),
  parents: edges,
  children: edges,
  groups: edges,
  selectors: z.record(z.string(), z.unknown()),
  /** Arguments of `ls` → its lines, sorted. */
  ls: edges,
  /** Names of the warnings, sorted. */
  warnings: z.array(z.string()),
})

export type Recording = z.infer<typeof recordingSchema>
type Resource = z.infer<typeof resource>

/** Times, absolute paths and what only says where a file was written. */
const volatile = new Set(['created_at', 'root_path', 'build_path', 'compiled_path', 'unique_id'])

/** Values of the user, kept to the letter. */
const verbatim = new Set(['meta', 'kwargs', 'given', 'expect', 'overrides'])

/** Packages of dbt itself. */
const isOwn = (owner: unknown) => owner !== 'dbt' && owner !== 'dbt_duckdb'

/**
 * @param manifest the object that manifest.json holds
 * @param ls arguments → lines
 * @throws ZodError when it is not a manifest
 */
export function toRecording(
  manifest: unknown,
  ls: Readonly<Record<string, readonly string[]>>,
  warnings: readonly string[],
): Recording {
  const read = manifestSchema.parse(manifest)
  const { nodes, sources, macros, docs, exposures, metrics, groups } = read
  const { saved_queries, semantic_models, unit_tests, functions } = read
  const described = { ...exposures, ...metrics, ...saved_queries, ...semantic_models, ...groups }
  const all = {
    ...nodes,
    ...sources,
    ...unit_tests,
    ...functions,
    ...described,
    ...docs,
    ...macros,
  }
  const own = Object.entries(all).filter(([, { package_name }]) => isOwn(package_name))
  return {
    resources: sorted(own.map(([id, value]) => [id, compact(value)])),
    disabled: sorted(
      Object.entries(read.disabled).map(([id, values]) => [id, values.map(compact)]),
    ),
    parents: edgesOf(read.parent_map),
    children: edgesOf(read.child_map),
    groups: edgesOf(read.group_map),
    selectors: read.selectors,
    ls: edgesOf(ls),
    warnings: [...new Set(warnings)].sort(),
  }
}

/** Edges in order of name; those without an end are left out. */
function edgesOf(map: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return sorted(Object.entries(map).map(([id, ends]) => [id, [...ends].sort()]))
}

function sorted<Value>(entries: readonly (readonly [string, Value])[]): Record<string, Value> {
  return Object.fromEntries(entries.toSorted(([left], [right]) => (left < right ? -1 : 1)))
}

/** Without volatile fields, and without nulls and empty values: that every key is present is tested by the schemas. */
function compact(value: Resource): Resource {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) => {
      if (volatile.has(key)) return []
      if (verbatim.has(key)) return isEmpty(part) ? [] : [[key, part]]
      const kept = compactValue(part)
      return isEmpty(kept) ? [] : [[key, kept]]
    }),
  )
}

function compactValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(compactValue)
  const read = resource.safeParse(value)
  return read.success ? compact(read.data) : value
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

const fileOf = (name: string) => new URL(`./recorded/${name}.json`, import.meta.url)

/** @throws when the fixture was never recorded: run `make conformance` */
export function readRecording(name: string): Recording {
  return recordingSchema.parse(JSON.parse(readFileSync(fileOf(name), 'utf8')))
}

/** One line a resource, so that a change of one is a change of one line. */
export function writeRecording(name: string, recording: Recording): void {
  const parts = Object.entries(recording).map(
    ([part, value]) => `${JSON.stringify(part)}: ${linesOf(value)}`,
  )
  writeFileSync(fileOf(name), `{\n${parts.join(',\n')}\n}\n`)
}

function linesOf(value: Recording[keyof Recording]): string {
  if (Array.isArray(value)) return JSON.stringify(value)
  const lines = Object.entries(value).map(
    ([id, entry]) => `${JSON.stringify(id)}: ${JSON.stringify(entry)}`,
  )
  return lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n}`
}
