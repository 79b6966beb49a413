/**
 * A dbt project of any size, the same for the same seed: layers of models that each join up to three models of the
 * layer before; the first layer selects from range(), so it can be built too. Even layers are tables.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRandom, type Random } from '../ingest/producer/random.ts'

export type Flavour = {
  readonly models: number
  /** A schema file a layer, with two data tests a model. */
  readonly tests: boolean
  /** Two macros and a loop in every model, so that its text has to be rendered to be known. */
  readonly macros: boolean
}

const layers = 8
const maxParents = 3
const seed = 42

/** Writes the project into an empty folder. */
export function generateProject(folder: string, flavour: Flavour): void {
  const random = createRandom(seed)
  write(folder, 'dbt_project.yml', projectFile)
  write(folder, 'profiles.yml', profile)
  write(folder, 'millrace.yml', platformFile)
  if (flavour.macros) write(folder, 'macros/helpers.sql', macros)
  let parents: string[] = []
  for (let layer = 0; layer < layers; layer++) {
    const names = namesOf(layer, flavour.models)
    for (const [index, name] of names.entries()) {
      const chosen = layer === 0 ? [] : choose(random, parents)
      write(folder, `models/l${layer}/${name}.sql`, modelSql(layer, index, chosen, flavour.macros))
    }
    if (flavour.tests) write(folder, `models/l${layer}/schema.yml`, schemaFile(names))
    parents = names
  }
}

/** Names of one layer; the last layer takes what does not divide. */
function namesOf(layer: number, models: number): string[] {
  const each = Math.max(1, Math.floor(models / layers))
  const count = layer < layers - 1 ? each : models - each * (layers - 1)
  return Array.from({ length: count }, (_, i) => `m${layer}_${String(i).padStart(4, '0')}`)
}

function choose(random: Random, parents: readonly string[]): string[] {
  const count = Math.min(parents.length, 1 + random.int(maxParents))
  const chosen = new Set<string>()
  while (chosen.size < count) chosen.add(parents[random.int(parents.length)] ?? '')
  return [...chosen]
}

function modelSql(
  layer: number,
  index: number,
  parents: readonly string[],
  withMacros: boolean,
): string {
  const materialized = layer > 0 && layer % 2 === 0 ? 'table' : 'view'
  const header = `{{ config(materialized='${materialized}', tags=['l${layer}']) }}\n`
  if (layer === 0) {
    return `${header}select i::integer as id, (i * ${index + 1})::integer as amount, 'k' || (i % 5)::varchar as k
from range(10) t(i)
`
  }
  const ctes = parents.map(
    (parent, i) => `u${i} as (\n    select id, amount, k from {{ ref('${parent}') }}\n)`,
  )
  const joins = parents.slice(1).map((_, i) => `left join u${i + 1} on u${i + 1}.id = u0.id`)
  const amount = parents.map((_, i) => `coalesce(u${i}.amount, 0)`).join(' + ')
  const extra = withMacros
    ? ",\n  {{ cents('amount') }} as amount_eur,\n{{ metric_columns(3) }}"
    : ''
  return `${header}with ${ctes.join(',\n')},
joined as (
    select u0.id, cast((${amount}) % 100000 as integer) as amount, u0.k
    from u0
${joins.join('\n')}
)
select id, amount, k${extra}
from joined
`
}

function schemaFile(names: readonly string[]): string {
  const entries = names.map(
    (name) => `  - name: ${name}
    description: synthetic model ${name}
    columns:
      - name: id
        description: key
        data_tests: [unique, not_null]
`,
  )
  return `version: 2\nmodels:\n${entries.join('')}`
}

function write(folder: string, file: string, text: string): void {
  const path = join(folder, file)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, text)
}

const projectFile = `name: synth
version: '1.0'
config-version: 2
profile: synth
model-paths: [models]
macro-paths: [macros]
target-path: target
models:
  synth:
    +materialized: view
`
const profile = `synth:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: synth.duckdb
      threads: 4
`
const platformFile = `name: synth
targets:
  local:
    services: external
    lake: {catalog: sqlite, catalog_path: lake.sqlite, data_path: lake}
`
const macros = `{% macro cents(column, scale=2) -%}
round(cast({{ column }} as double) / 100, {{ scale }})
{%- endmacro %}

{% macro metric_columns(n) -%}
{%- for i in range(n) %}
  sum(amount) filter (where id % {{ n }} = {{ i }}) over () as m{{ i }}{{ ',' if not loop.last }}
{%- endfor %}
{%- endmacro %}
`
