/** Where building a fixture may give something else than dbt, and why. Everything else that differs is a fault. */
import type { KnownDifference } from './differences.ts'

/** As for what is compiled; a path begins with the number of the build. */
export type RowDifference = KnownDifference & { readonly fixtures: readonly string[] }

export const rowDifferences: readonly RowDifference[] = [
  {
    id: 'functions that exist',
    fixtures: ['functions'],
    path: /^1\/(exit$|nodes\/function\.|(nodes\/model\.functions_|relations\/main)\.uses)/,
    reason:
      'Functions become typed macros of DuckDB, and what calls them is built; dbt-duckdb makes none and fails.',
  },
  {
    id: 'Python models',
    fixtures: ['python-models'],
    path: /^1\/nodes\/(model\.python_models\.scored$|test\.python_models\.not_null_scored_id\.)/,
    reason:
      'A Python model is left out with a warning, so a test of it fails; in dbt the model itself fails here, since its code is no working one, and the test is skipped.',
  },
  {
    id: 'what is not committed',
    fixtures: ['materializations-of-its-own'],
    path: /^1\/relations\/main\.m$/,
    reason:
      'What a materialization has made and not committed by the time it ends is kept; dbt calls the model a success and throws it away.',
  },
  {
    id: 'snapshot of a snapshot',
    fixtures: ['snapshots-yaml'],
    path: /^2\/relations\/main\.third\//,
    reason:
      'A snapshot of a snapshot keeps its own columns under numbered names, as in the tables of dbt, and closes the versions that were replaced; dbt takes the one set of columns for the other and writes rows that nothing has changed in.',
  },
  {
    id: 'unit tests before tables',
    fixtures: ['subscriptions'],
    path: /^2\/.*(v2_keeps_the_price|subscriptions(\.|_)v[23]|subscriptions_new_api)/,
    reason:
      'A unit test knows the columns of an ephemeral model that it replaces; dbt looks for a table of it, fails, and skips the model and what is below.',
  },
  {
    id: 'unit tests after a failure',
    fixtures: ['unit-tests'],
    path: /^[12]\/nodes\/unit_test\.unit_tested\.orders\.from_files\/status$/,
    reason: 'All unit tests of a model are run, also when one has failed; dbt skips the rest.',
  },
]
