/** Unit tests of a manifest: a model, rows that it is given, rows that it is expected to return. */
import type { Graph, UnitTestNode } from '../compile/graph.ts'
import { toRepr, toTemplateValue } from '../jinja/values.ts'
import { parseCsvRows } from '../unit-tests/csv-rows.ts'
import { fullConfig } from './config-defaults.ts'
import { sha256 } from './hash.ts'
import { isObject, type JsonObject, listOf, orNull } from './json.ts'
import type { NodeDetails } from './node-details.ts'
import { dependsOnJson } from './node-parts.ts'

export function unitTestJson(node: UnitTestNode, graph: Graph, details: NodeDetails): JsonObject {
  const { properties: said } = node
  const given = listOf(said['given']).filter(isObject).map(inputJson)
  const expect = rowsJson(isObject(said['expect']) ? said['expect'] : {})
  const overrides = isObject(said['overrides']) ? overridesJson(said['overrides']) : null
  const versions = isObject(said['versions']) ? versionsJson(said['versions']) : null
  const parts = { model: node.model, versions, given, expect, overrides }
  return {
    model: node.model,
    given,
    expect,
    name: node.name,
    resource_type: 'unit_test',
    package_name: node.package,
    path: node.path,
    original_file_path: node.originalFile,
    unique_id: node.id,
    fqn: node.fqn,
    description: node.description,
    overrides,
    depends_on: dependsOnJson(node.dependencies),
    config: fullConfig('unit_test', node.config),
    checksum: checksumOf(parts),
    schema: schemaOf(node, graph),
    created_at: details.createdAt ?? 0,
    versions,
    version: orNull(node.version),
  }
}

function schemaOf(node: UnitTestNode, graph: Graph): string | null {
  const model = node.dependencies.map((id) => graph.nodes.get(id)).find((found) => found)
  return model?.relation.schema ?? null
}

function inputJson(said: JsonObject): JsonObject {
  return { input: orNull(said['input']), ...rowsJson(said) }
}

/** Rows of a CSV are maps of text; a row without nulls comes first, for its types are plain to see. */
function rowsJson(said: JsonObject): JsonObject {
  const { rows, fixture } = said
  const format = said['format'] ?? 'dict'
  const read = format === 'csv' && typeof rows === 'string' ? parseCsvRows(rows) : orNull(rows)
  return { rows: promoteFullRow(read), format, fixture: orNull(fixture) }
}

function promoteFullRow(rows: unknown): unknown {
  if (!Array.isArray(rows)) return rows
  const index = rows.findIndex(
    (row) => isObject(row) && Object.values(row).every((value) => value !== null),
  )
  // The first row and that one change places.
  return index < 1 ? rows : rows.with(0, rows[index]).with(index, rows[0])
}

function overridesJson({ macros, vars, env_vars }: JsonObject): JsonObject {
  return { macros: macros ?? {}, vars: vars ?? {}, env_vars: env_vars ?? {} }
}

function versionsJson({ include, exclude }: JsonObject): JsonObject {
  return { include: orNull(include), exclude: orNull(exclude) }
}

type Parts = {
  readonly model: string
  readonly versions: JsonObject | null
  readonly given: readonly JsonObject[]
  readonly expect: JsonObject
  readonly overrides: JsonObject | null
}

/** Of the text dbt takes it of, which is how Python prints the parts; compared by `state:modified`. */
function checksumOf({ model, versions, given, expect, overrides }: Parts): string {
  const inputs = given.map((input) => printObject('UnitTestInputFixture', input))
  const text = [
    model,
    printObject('UnitTestNodeVersions', versions),
    `[${inputs.join(', ')}]`,
    printObject('UnitTestOutputFixture', expect),
    printObject('UnitTestOverrides', overrides),
    ...given.filter(({ fixture }) => fixture !== null).map(({ rows }) => print(rows)),
  ]
  return sha256(text.join('-'))
}

function printObject(name: string, value: JsonObject | null): string {
  if (value === null) return 'None'
  const fields = Object.entries(value).map(([key, inner]) => {
    return `${key}=${key === 'format' ? printFormat(String(inner)) : print(inner)}`
  })
  return `${name}(${fields.join(', ')})`
}

const formatNames: Readonly<Record<string, string>> = { csv: 'CSV', dict: 'Dict', sql: 'SQL' }

function printFormat(format: string): string {
  return `<UnitTestFormat.${formatNames[format] ?? format}: '${format}'>`
}

function print(value: unknown): string {
  return toRepr(toTemplateValue(value))
}
