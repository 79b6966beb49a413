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
    fixtures: ['refs-and-sources', 'nested-folders', 'empty-files'],
  },
  {
    area: 'Project',
    feature: 'One name in several packages',
    state: 'yes',
    fixtures: ['same-names'],
  },
  {
    area: 'Project',
    feature: 'Configs in headers, schema files and dbt_project.yml, in order of precedence',
    state: 'yes',
    fixtures: ['config-precedence', 'tags', 'persist-docs-and-grants'],
  },
  {
    area: 'Project',
    feature: 'What is switched off',
    state: 'partly',
    fixtures: ['disabled'],
    differences: ['tests of what is disabled'],
  },
  {
    area: 'Project',
    feature: 'Own rules for schemas, aliases and databases; quoting',
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
    feature: 'Packages of local folders',
    state: 'yes',
    fixtures: ['local-packages', 'replaced-seeds'],
  },
  {
    area: 'Project',
    feature: 'Packages that stand in the packages folder',
    state: 'yes',
    fixtures: ['vendored-packages'],
  },
  {
    area: 'Project',
    feature: 'Old spellings of v1',
    state: 'yes',
    fixtures: ['deprecated-spellings', 'old-paths'],
  },
  {
    area: 'Project',
    feature: 'New spellings of v2',
    state: 'yes',
    fixtures: ['new-spellings'],
  },
  {
    area: 'Project',
    feature: 'YAML as PyYAML reads it',
    state: 'yes',
    fixtures: ['yaml-forms'],
  },
  {
    area: 'Project',
    feature: 'Names outside ASCII, line ends, byte order marks',
    state: 'partly',
    fixtures: ['unicode-and-line-ends'],
    differences: ['byte order mark', 'blanks'],
  },
  {
    area: 'Project',
    feature: 'Flags of the project',
    state: 'yes',
    fixtures: ['project-flags'],
  },
  {
    area: 'Project',
    feature: 'Query comments and SQL headers',
    state: 'yes',
    fixtures: ['query-comment'],
  },
  {
    area: 'Project',
    feature: 'Whole projects as teams write them',
    state: 'partly',
    fixtures: ['shop', 'subscriptions', 'events'],
    differences: ['blanks', 'type of a version'],
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
  {
    area: 'Resources',
    feature: 'Ephemeral models',
    state: 'partly',
    fixtures: ['ephemeral'],
    differences: ['blanks'],
  },
  {
    area: 'Resources',
    feature: 'Incremental models before their first run',
    state: 'yes',
    fixtures: ['incremental-first'],
  },
  {
    area: 'Resources',
    feature: 'Incremental models over tables that exist',
    state: 'yes',
    fixtures: ['incremental-later'],
  },
  {
    area: 'Resources',
    feature: 'Microbatch models',
    state: 'yes',
    fixtures: ['microbatch'],
  },
  {
    area: 'Resources',
    feature: 'Snapshots in blocks',
    state: 'yes',
    fixtures: ['snapshots-block'],
  },
  {
    area: 'Resources',
    feature: 'Snapshots in YAML',
    state: 'yes',
    fixtures: ['snapshots-yaml'],
  },
  {
    area: 'Resources',
    feature: 'Contracts and constraints',
    state: 'yes',
    fixtures: ['contracts'],
  },
  {
    area: 'Resources',
    feature: 'Versions',
    state: 'partly',
    fixtures: ['versions'],
    differences: ['type of a version'],
  },
  {
    area: 'Resources',
    feature: 'Groups and access',
    state: 'yes',
    fixtures: ['groups-access'],
  },
  {
    area: 'Resources',
    feature: 'Exposures',
    state: 'yes',
    fixtures: ['exposures'],
  },
  {
    area: 'Resources',
    feature: 'Docs blocks',
    state: 'yes',
    fixtures: ['docs-blocks'],
  },
  {
    area: 'Resources',
    feature: 'Analyses',
    state: 'yes',
    fixtures: ['analyses'],
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
    state: 'partly',
    fixtures: ['semantic-layer'],
    differences: ['metrics by folder'],
  },
  {
    area: 'Resources',
    feature: 'Functions',
    state: 'yes',
    fixtures: ['functions'],
  },
  {
    area: 'Resources',
    feature: 'Python models',
    state: 'partly',
    fixtures: ['python-models'],
    differences: ['python code'],
  },
  {
    area: 'Resources',
    feature: "A project's own materializations",
    state: 'yes',
    fixtures: ['materializations-of-its-own'],
  },
  {
    area: 'Data tests',
    feature: 'Generic tests: configs, names, arguments, old and new notation',
    state: 'yes',
    fixtures: ['generic-tests', 'long-test-names', 'tests-on-everything'],
  },
  {
    area: 'Data tests',
    feature: 'Generic tests of the project and of packages',
    state: 'yes',
    fixtures: ['custom-generic-tests'],
  },
  {
    area: 'Data tests',
    feature: 'Singular tests',
    state: 'yes',
    fixtures: ['singular-tests'],
  },
  {
    area: 'Data tests',
    feature: 'Where failures are kept',
    state: 'yes',
    fixtures: ['store-failures'],
  },
  {
    area: 'Data tests',
    feature: 'Unit tests',
    state: 'partly',
    fixtures: ['unit-tests'],
    differences: ['tests of what is disabled'],
  },
  {
    area: 'Templates',
    feature: 'The language: blocks, loops, filters, Python values',
    state: 'yes',
    fixtures: ['jinja-language'],
  },
  {
    area: 'Templates',
    feature: 'Whitespace, comments, raw blocks',
    state: 'yes',
    fixtures: ['whitespace'],
  },
  {
    area: 'Templates',
    feature: 'Macros and `adapter.dispatch`',
    state: 'yes',
    fixtures: ['macros-dispatch'],
  },
  {
    area: 'Templates',
    feature: "Overriding dbt's own macros",
    state: 'yes',
    fixtures: ['macros-override'],
  },
  {
    area: 'Templates',
    feature: 'Overriding `ref` and `source`',
    state: 'yes',
    fixtures: ['ref-override'],
  },
  {
    area: 'Templates',
    feature: 'References in loops, macros, variables and hooks',
    state: 'yes',
    fixtures: ['static-and-dynamic-refs'],
  },
  {
    area: 'Templates',
    feature: '`config.get`, `require`, `meta_get`',
    state: 'yes',
    fixtures: ['config-functions'],
  },
  {
    area: 'Templates',
    feature: 'Names of the context: `graph`, `model`, `target`, `flags`, `this`',
    state: 'yes',
    fixtures: ['context', 'target-dict'],
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
    state: 'partly',
    fixtures: ['cross-database-macros'],
    differences: ['blanks'],
  },
  {
    area: 'Selection',
    feature: 'The selection language and selectors.yml',
    state: 'yes',
    fixtures: ['selectors'],
  },
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
    feature: 'Views, tables, ephemeral and incremental models',
    state: 'yes',
    remark: 'A build is published whole, in one transaction, after its tests have passed.',
    tests: [
      'tests/integration/transform/run/atomic-build.test.ts',
      'tests/integration/transform/run/incremental-equals-full.test.ts',
    ],
  },
  {
    area: 'Running',
    feature:
      'Data tests: severity, `where`, `limit`, `warn_if`, `error_if`, `fail_calc`, `store_failures`',
    state: 'yes',
    remark: 'Tests of one relation share one query; what fails is asked again by itself.',
    tests: [
      'tests/integration/transform/run/data-tests.test.ts',
      'tests/integration/transform/run/test-batch.test.ts',
    ],
  },
  {
    area: 'Running',
    feature: 'Snapshots: timestamp, check and strategies of the project, hard deletes, new columns',
    state: 'yes',
    tests: [
      'tests/integration/transform/snapshot/same-as-dbt.test.ts',
      'tests/integration/transform/snapshot/random-histories.test.ts',
    ],
  },
  {
    area: 'Running',
    feature: '`source freshness`, `retry`, `clone`',
    state: 'yes',
    tests: [
      'tests/integration/cli/source-freshness.test.ts',
      'tests/integration/cli/retry.test.ts',
      'tests/integration/cli/clone.test.ts',
    ],
  },
  {
    area: 'Running',
    feature: 'Hooks of nodes, `on-run-start` and `on-run-end`, with `results` and `schemas`',
    state: 'yes',
    remark:
      'Hooks that ask to be outside of the transaction of their node (`before_begin`, `after_commit`) are so where nodes are published one by one, as on a plain DuckDB file; a build that is published at once holds them too. Hooks of a run are in none, and stand in `ops.node_runs`.',
    tests: ['tests/integration/transform/run/hooks.test.ts'],
  },
  {
    area: 'Running',
    feature: 'Materializations of projects and packages, and macros of dbt that a project replaces',
    state: 'yes',
    remark:
      'Of models, seeds, snapshots, functions, data tests and unit tests. Whatever macro on their way is replaced, by the project or through `dispatch`, is the one that runs.',
    tests: ['tests/integration/transform/run/materializations.test.ts'],
  },
  {
    area: 'Running',
    feature: '`run-operation`',
    state: 'yes',
    remark: 'What a macro leaves uncommitted is committed when it succeeds; dbt throws it away.',
    tests: ['tests/integration/cli/run-operation.test.ts'],
  },
  {
    area: 'Running',
    feature: 'Functions in SQL: scalar, aggregate, table',
    state: 'yes',
    remark: 'As typed macros of DuckDB; dbt-duckdb has none. Overloads are not made yet.',
    tests: ['tests/integration/transform/run/functions.test.ts'],
  },
  {
    area: 'Running',
    feature: 'Grants',
    state: 'yes',
    remark: 'DuckDB has none: a warning, once a run.',
    tests: ['tests/integration/transform/run/materializations.test.ts'],
  },
  {
    area: 'Running',
    feature:
      'Strategies of incremental models: append, delete+insert, merge with every clause of dbt-duckdb, `on_schema_change`',
    state: 'yes',
    remark:
      'dbt-duckdb cannot commit some changes of types that work here; a type that a lake cannot widen moves the column to the end, as in dbt.',
    tests: ['tests/integration/transform/materialize/rows-of-dbt.test.ts'],
  },
  {
    area: 'Running',
    feature: 'The strategy `insert_overwrite`',
    state: 'yes',
    remark:
      'dbt-duckdb has none: the partitions of `partition_by` that occur in the new rows are replaced.',
    tests: ['tests/integration/transform/materialize/lake.test.ts'],
  },
  {
    area: 'Running',
    feature: 'Microbatch models',
    state: 'yes',
    remark:
      'The batches of a run become visible together: where one fails, none of them is kept. They run one after another.',
    tests: [
      'tests/integration/transform/materialize/rows-of-dbt.test.ts',
      'tests/integration/transform/materialize/plain.test.ts',
    ],
  },
  {
    area: 'Running',
    feature: 'Enforced contracts and their constraints',
    state: 'yes',
    remark:
      'On a lake, which declares NOT NULL only, the other constraints are checked by a query before the commit: over the new rows where rows are added, over all of them otherwise. dbt fails there.',
    tests: [
      'tests/integration/transform/materialize/rows-of-dbt.test.ts',
      'tests/integration/transform/materialize/lake.test.ts',
      'tests/integration/transform/materialize/plain.test.ts',
    ],
  },
  {
    area: 'Running',
    feature: 'Seeds with the types of dbt, `column_types`, `delimiter`',
    state: 'yes',
    remark:
      'Whole numbers past 32 bits get a wider type where dbt fails. The table is always made anew, so a changed header needs no --full-refresh.',
    tests: [
      'tests/integration/transform/materialize/rows-of-dbt.test.ts',
      'tests/integration/transform/materialize/plain.test.ts',
    ],
  },
  {
    area: 'Running',
    feature:
      '`persist_docs`, `indexes`, `sql_header`, `partitioned_by` and `sorted_by` of DuckLake',
    state: 'yes',
    remark:
      'What the engine does not have is a warning: indexes and comments on columns of views on a lake.',
    tests: [
      'tests/integration/transform/materialize/rows-of-dbt.test.ts',
      'tests/integration/transform/materialize/lake.test.ts',
    ],
  },
  {
    area: 'Running',
    feature: 'External models: parquet, csv, json, by partition',
    state: 'yes',
    remark:
      "Files of this machine take their place with the commit, so a failed run leaves the old ones, and the run after one that was killed puts them back (on a plain DuckDB file, which cannot tell what was committed, the new ones stay); files in a bucket, and those added to a folder (`append`, `overwrite_or_ignore`), are written at once. A relative `location` or `external_root` is taken from the project's folder, where dbt takes it from the folder it is started in, and the view says the whole path. On a lake they lie in the folder `external` beside the data by default.",
    tests: [
      'tests/integration/transform/materialize/rows-of-dbt.test.ts',
      'tests/integration/transform/materialize/lake.test.ts',
      'tests/integration/transform/materialize/plain.test.ts',
    ],
  },
  {
    area: 'Running',
    feature: 'Unit tests',
    state: 'yes',
    remark:
      'In memory, without the database; inputs that are ephemeral or not built yet work too. After one of a model has failed the others still run.',
    tests: [
      'tests/integration/transform/run/data-tests.test.ts',
      'tests/integration/conformance/rows.test.ts',
    ],
  },
  {
    area: 'Running',
    feature: 'Python models',
    state: 'no',
    remark: 'Read, compiled and in the manifest; not run yet.',
  },
]
