import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { makeFolder, writeProject } from '../../../support/project.ts'
import { artifactsOf, dataOf, openCached, openFresh, settle, timeless } from './cached-project.ts'

const models = ['models/a.sql', 'models/b.sql', 'models/deep/c.sql', 'models/deep/d.sql']
const modelTexts = [
  'select 1 as id',
  'select 2 as id -- é',
  "{{ config(materialized='table', tags=['t']) }} select 1 as id",
  "{{ config(materialized='table', tags=['t']) }} select 3 as id",
  "{{ config(tags=['t'], materialized='table') }} select 3 as id",
  "{{ config(materialized='table', tags=['t'], pre_hook='{{ model.raw_code }}') }} select 4",
  "{{ config(materialized='table', tags=['t'], pre_hook='{{ model.raw_code }}') }} select 5",
  "select * from {{ ref('a') }}",
  "select * from {{ ref('a') }} -- and no more",
  "select * from {{ ref('b') }} join {{ source('raw', 'events') }} using (id)",
  "{{ config(enabled=var('on', true)) }} select {{ pick(1) }}",
  "select '{{ env_var('REGION', 'eu') }}', {{ outer(2) }} from {{ ref('a') }}",
  "{% if is_incremental() %}{{ ref('c') }}{% endif %} select {{ target.name }}",
  "{{ config(schema=target.name) }} select * from {{ ref(var('parent', 'a')) }}",
  "{{ config(alias=config.get('alias_of') or 'x') }} select 1",
  "select {{ dbt.type_string() }} from {{ ref('d') }}",
  'select {{ broken',
]
const others: Readonly<Record<string, readonly string[]>> = {
  'macros/pick.sql': [
    '{% macro pick(x) %}{{ x }}{% endmacro %}',
    "{% macro pick(x) %}{{ ref('b') }}{% endmacro %}",
    '{% macro pick(x) %}{{ outer(x) }}{% endmacro %}',
  ],
  'macros/outer.sql': [
    '{% macro outer(x) %}{{ x }}{% endmacro %}',
    "{% macro outer(x) %}{{ var('k', 1) }}{{ env_var('STAGE', 'dev') }}{% endmacro %}",
    "{% macro outer(x) %}{{ source('raw', 'events') }}{% endmacro %}",
    "{% macro ref(x) %}{{ return(builtins.ref('a')) }}{% endmacro %}",
  ],
  'models/schema.yml': [
    'models: [{name: a, columns: [{name: id, data_tests: [unique]}]}]',
    'models: [{name: a, config: {alias_of: y}}, {name: b, description: "{{ doc(\'note\') }}"}]',
    'sources: [{name: raw, tables: [{name: events}]}]',
    "sources: [{name: raw, schema: \"{{ var('raw', 'r') }}\", tables: [{name: events}]}]",
    'models: [{name: c, versions: [{v: 1}]}]',
  ],
  'models/notes.md': ['{% docs note %}one{% enddocs %}', '{% docs note %}two{% enddocs %}'],
  'seeds/s.csv': ['id\n1\n', 'id\n2\n'],
  'tests/t.sql': ["select * from {{ ref('a') }}", "select * from {{ ref('b') }}"],
  'dbt_project.yml': [
    'name: shop\n',
    'name: shop\nvars: {k: 2, parent: b}\n',
    'name: shop\nmodels: {shop: {deep: {+materialized: table, +tags: [deep]}}}\n',
    'name: shop\non-run-start: ["select {{ env_var(\'STAGE\', 1) }}"]\n',
    'name: shop\ntarget-path: out\n',
  ],
  'selectors.yml': ['selectors: [{name: x, definition: {method: tag, value: t}}]'],
  '.dbtignore': ['d.sql', 'b.sql'],
  'packages.yml': ['packages: [{local: kit}]', 'packages: []'],
  'kit/dbt_project.yml': ['name: kit\n', 'name: kit\nvars: {k: 3}\n'],
  'kit/models/k.sql': ['select 1', "select {{ var('k', 0) }}"],
}

type Edit =
  | { readonly kind: 'write'; readonly file: string; readonly text: string }
  | { readonly kind: 'delete'; readonly file: string }
  | {
      readonly kind: 'given'
      readonly name: 'vars' | 'environment' | 'target'
      readonly value: number
    }

const write = fc.oneof(
  fc.tuple(fc.constantFrom(...models), fc.constantFrom(...modelTexts)),
  fc
    .constantFrom(...Object.keys(others))
    .chain((file) => fc.tuple(fc.constant(file), fc.constantFrom(...(others[file] ?? [''])))),
)
const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 5, arbitrary: write.map(([file, text]) => ({ kind: 'write', file, text }) as const) },
  fc
    .constantFrom(...models, ...Object.keys(others).filter((file) => file !== 'dbt_project.yml'))
    .map((file) => ({ kind: 'delete', file }) as const),
  fc
    .tuple(fc.constantFrom('vars', 'environment', 'target'), fc.nat(2))
    .map(([name, value]) => ({ kind: 'given', name, value }) as const),
)

const given = {
  vars: [{}, { k: 5 }, { on: false, raw: 'elsewhere' }],
  environment: [{}, { REGION: 'us' }, { STAGE: 'prod', UNREAD: 'x' }],
  target: ['dev', 'prod', 'dev'],
} as const

it('after any edits the graph of the cache is the graph of a parse', async () => {
  const property = fc.asyncProperty(
    fc.array(fc.tuple(edit, fc.boolean()), { minLength: 3, maxLength: 12 }),
    async (steps) => {
      await using folder = await makeFolder()
      await writeProject(folder.path, { 'models/a.sql': 'select 1 as id' })
      const now = { vars: 0, environment: 0, target: 0 }
      for (const [step, settles] of steps) {
        if (step.kind === 'given') now[step.name] = step.value
        else apply(folder.path, step)
        if (settles) await settle()
        const inputs = {
          vars: given.vars[now.vars] ?? {},
          environment: given.environment[now.environment] ?? {},
          target: given.target[now.target] ?? 'dev',
        }
        const { graph, kept } = await openCached(folder.path, inputs)
        const fresh = await openFresh(folder.path, inputs)
        expect(dataOf(graph)).toEqual(dataOf(fresh))
        if (fresh.problems.length > 0) continue
        const ofCache = artifactsOf(graph, kept, '2025-01-01T00:00:00.000Z')
        expect(timeless(ofCache)).toEqual(
          timeless(artifactsOf(fresh, undefined, '2026-01-01T00:00:00.000Z')),
        )
      }
    },
  )
  await fc.assert(property, { numRuns: 25 })
}, 120_000)

function apply(folder: string, step: Exclude<Edit, { kind: 'given' }>): void {
  const path = join(folder, step.file)
  rmSync(path, { force: true })
  if (step.kind === 'delete') return
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, step.text)
}
