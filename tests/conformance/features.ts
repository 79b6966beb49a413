/** What Millrace does of dbt, feature by feature, and what proves it: docs/reference/dbt-compatibility.md is made of it. */

export type Feature = {
  readonly area:
    | 'Project'
    | 'Resources'
    | 'Data tests'
    | 'Templates'
    | 'Selection'
    | 'Artifacts'
    | 'Running'
  readonly feature: string
  readonly state: 'yes' | 'partly' | 'no'
  /** What is missing or different, for who decides whether to come. */
  readonly remark?: string
  /** Fixtures that show it, equal to dbt but for the differences. */
  readonly fixtures?: readonly string[]
  /** Ids of differences.ts. */
  readonly differences?: readonly string[]
  /** Test files that prove what no fixture can. */
  readonly tests?: readonly string[]
}

export const features: readonly Feature[] = [
  {
    area: 'Project',
    feature: 'Models, seeds and sources, `ref` and `source`',
    state: 'yes',
    fixtures: ['refs-and-sources', 'same-names', 'nested-folders', 'empty-files'],
  },
  {
    area: 'Project',
    feature: 'Configs in headers, schema files and dbt_project.yml, in order of precedence',
    state: 'yes',
    fixtures: ['config-precedence', 'tags', 'disabled', 'persist-docs-and-grants'],
  },
  {
    area: 'Project',
    feature: 'Own rules for schemas, aliases and databases',
    state: 'yes',
    fixtures: ['custom-names', 'default-names', 'quoting'],
  },
  {
    area: 'Project',
    feature: 'Variables and the environment',
    state: 'yes',
    fixtures: ['vars', 'environment-variables'],
  },
  {
    area: 'Project',
    feature: 'Packages: local folders, vendored, their vars and configs',
    state: 'yes',
    fixtures: ['local-packages', 'vendored-packages'],
  },
  {
    area: 'Project',
    feature: 'Old spellings of v1, new ones of v2',
    state: 'yes',
    fixtures: ['deprecated-spellings', 'old-paths', 'new-spellings'],
  },
  {
    area: 'Project',
    feature: 'YAML as PyYAML reads it, names outside ASCII, line ends',
    state: 'yes',
    fixtures: ['yaml-forms', 'unicode-and-line-ends'],
  },
  {
    area: 'Project',
    feature: 'Flags and query comments of the project',
    state: 'yes',
    fixtures: ['project-flags', 'query-comment'],
  },
  {
    area: 'Project',
    feature: 'Whole projects as teams write them',
    state: 'yes',
    fixtures: ['shop', 'subscriptions', 'events'],
  },
  {
    area: 'Resources',
    feature: 'Seeds with column types, delimiters, quoted columns',
    state: 'yes',
    fixtures: ['seeds'],
  },
  {
    area: 'Resources',
    feature: 'Sources: freshness, quoting, inherited properties',
    state: 'yes',
    fixtures: ['sources-freshness'],
  },
  {
    area: 'Resources',
    feature: 'External sources of dbt-duckdb',
    state: 'yes',
    fixtures: ['sources-external'],
  },
  { area: 'Resources', feature: 'Ephemeral models', state: 'yes', fixtures: ['ephemeral'] },
  {
    area: 'Resources',
    feature: 'Incremental models and microbatch',
    state: 'yes',
    fixtures: ['incremental-first', 'incremental-later', 'microbatch'],
  },
  {
    area: 'Resources',
    feature: 'Snapshots, in blocks and in YAML',
    state: 'yes',
    fixtures: ['snapshots-block', 'snapshots-yaml'],
  },
  {
    area: 'Resources',
    feature: 'Contracts, constraints, versions, groups, access',
    state: 'yes',
    fixtures: ['contracts', 'versions', 'groups-access'],
  },
  {
    area: 'Resources',
    feature: 'Exposures, docs blocks, analyses',
    state: 'yes',
    fixtures: ['exposures', 'docs-blocks', 'analyses'],
  },
  {
    area: 'Resources',
    feature: 'Hooks of runs and models',
    state: 'yes',
    fixtures: ['hooks'],
  },
  {
    area: 'Resources',
    feature: 'Semantic models, metrics, saved queries',
    state: 'yes',
    fixtures: ['semantic-layer'],
  },
  { area: 'Resources', feature: 'Functions', state: 'yes', fixtures: ['functions'] },
  { area: 'Resources', feature: 'Python models', state: 'yes', fixtures: ['python-models'] },
  {
    area: 'Resources',
    feature: "A project's own materializations",
    state: 'yes',
    fixtures: ['materializations-of-its-own'],
  },
  {
    area: 'Data tests',
    feature: 'Generic tests: configs, names, arguments',
    state: 'yes',
    fixtures: [
      'generic-tests',
      'custom-generic-tests',
      'long-test-names',
      'tests-on-everything',
      'store-failures',
    ],
  },
  { area: 'Data tests', feature: 'Singular tests', state: 'yes', fixtures: ['singular-tests'] },
  { area: 'Data tests', feature: 'Unit tests', state: 'yes', fixtures: ['unit-tests'] },
  {
    area: 'Templates',
    feature: 'The language: blocks, loops, filters, whitespace, Python values',
    state: 'yes',
    fixtures: ['jinja-language', 'whitespace'],
  },
  {
    area: 'Templates',
    feature: 'Macros, `adapter.dispatch`, overriding those of dbt',
    state: 'yes',
    fixtures: ['macros-dispatch', 'macros-override', 'ref-override', 'static-and-dynamic-refs'],
  },
  {
    area: 'Templates',
    feature: 'Names of the context: `graph`, `model`, `target`, `flags`, `config`, `this`',
    state: 'yes',
    fixtures: ['context', 'config-functions'],
  },
  {
    area: 'Templates',
    feature: 'Queries in templates: `run_query`, `statement`, `adapter.*`',
    state: 'yes',
    fixtures: ['queries-in-templates'],
  },
  {
    area: 'Templates',
    feature: 'Cross-database macros',
    state: 'yes',
    fixtures: ['cross-database-macros'],
  },
  { area: 'Selection', feature: 'The selection language', state: 'yes', fixtures: ['selectors'] },
  {
    area: 'Selection',
    feature: '`state:`, `result:`, `source_status:`',
    state: 'yes',
    tests: ['tests/unit/transform/plan/select-nodes.test.ts'],
  },
  {
    area: 'Artifacts',
    feature: '`manifest.json` v12, every key of dbt',
    state: 'yes',
    tests: ['tests/unit/transform/artifacts/manifest.test.ts'],
  },
  {
    area: 'Artifacts',
    feature: '`catalog.json` v1, `run_results.json` v6, `sources.json` v3, `graph_summary.json`',
    state: 'yes',
    tests: ['tests/unit/transform/artifacts/small-artifacts.test.ts'],
  },
  {
    area: 'Running',
    feature: 'Views, tables, ephemeral and incremental models (append, delete+insert, merge)',
    state: 'yes',
    remark: 'A build is published whole, in one transaction, after its tests have passed.',
    tests: [
      'tests/integration/transform/run/atomic-build.test.ts',
      'tests/integration/transform/run/incremental-equals-full.test.ts',
    ],
  },
  {
    area: 'Running',
    feature: 'Data tests: severity, `where`, `limit`, `warn_if`, `error_if`, `fail_calc`',
    state: 'partly',
    remark: 'Failing rows are not stored yet.',
    tests: ['tests/integration/transform/run/atomic-build.test.ts'],
  },
  {
    area: 'Running',
    feature: 'Snapshots, unit tests, hooks, microbatch, contracts, grants, functions',
    state: 'no',
    remark: 'Read, compiled and in the manifest; not acted upon yet.',
  },
  {
    area: 'Running',
    feature: 'Materializations of projects and packages; external and Python models',
    state: 'no',
    remark: 'Read, compiled and in the manifest; not run yet.',
  },
]
