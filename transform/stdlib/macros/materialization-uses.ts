/**
 * The macros of dbt that its materializations call, and that a project may replace: where one is, the macro runs
 * instead of the runner's own way. A test runs each materialization and compares what it calls with this list.
 */

const anywhere = [
  ...['run_hooks', 'statement', 'run_query', 'should_full_refresh'],
  ...['load_cached_relation', 'drop_relation_if_exists', 'drop_relation', 'rename_relation'],
  ...['make_temp_relation', 'make_intermediate_relation', 'make_backup_relation'],
  ...['apply_grants', 'should_revoke', 'copy_grants'],
  ...['get_columns_in_relation', 'sql_convert_columns_in_relation'],
  ...['persist_docs', 'alter_relation_comment', 'alter_column_comment', 'validate_doc_columns'],
  ...['duckdb_escape_comment'],
]

const contracts = [
  ...['get_assert_columns_equivalent', 'assert_columns_equivalent', 'get_select_subquery'],
  ...['get_table_columns_and_constraints', 'table_columns_and_constraints', 'get_column_names'],
  ...['get_column_schema_from_query', 'get_empty_schema_sql', 'format_columns', 'format_column'],
  ...['get_empty_subquery_sql', 'cast'],
]

const tables = [
  ...['create_table_as', 'create_indexes', 'get_create_index_sql', 'drop_indexes_on_relation'],
  ...['get_partitioned_by', 'get_sorted_by', 'normalize_string_or_list'],
  ...['alter_table_set_partitioned_by', 'alter_table_set_sorted_by'],
  ...['has_foreign_key_constraints', 'enforced_constraint_types', 'existing_constraint_types'],
  ...['may_be_foreign_key_target', 'drop_relation_for_rebuild'],
  ...['drop_foreign_key_dependents', 'restore_foreign_key_dependents'],
]

const increments = [
  ...['incremental_validate_on_schema_change', 'dispatch_temporary_relation'],
  ...['process_schema_changes', 'check_for_schema_changes', 'sync_column_schemas'],
  ...['diff_columns', 'diff_column_data_types', 'alter_relation_add_remove_columns'],
  ...['alter_column_type'],
]

/** By the name of the materialization. */
export const usesOfMaterialization: Readonly<Record<string, readonly string[]>> = {
  table: [...anywhere, ...contracts, ...tables],
  view: [...[...anywhere, ...contracts], ...['get_create_view_as_sql', 'create_view_as']],
  incremental: [...anywhere, ...contracts, ...tables, ...increments],
  seed: [
    ...anywhere,
    ...['create_csv_table', 'reset_csv_table', 'load_csv_rows', 'get_csv_sql', 'noop_statement'],
    ...['get_seed_column_quoted_csv', 'get_binding_char', 'get_batch_size', 'truncate_relation'],
    ...['create_indexes', 'get_create_index_sql'],
  ],
  // Strategies, the hash and the time are asked for by the runner's own way too.
  snapshot: [
    ...anywhere,
    ...['get_or_create_relation', 'create_columns', 'create_table_as', 'create_indexes'],
    ...['snapshot_staging_table', 'build_snapshot_table', 'build_snapshot_staging_table'],
    ...['snapshot_merge_sql', 'post_snapshot', 'check_time_data_types'],
    ...['get_updated_at_column_data_type', 'get_dbt_valid_to_current', 'unique_key_fields'],
    ...['unique_key_join_on', 'unique_key_is_null', 'unique_key_is_not_null'],
    ...['get_snapshot_table_column_names', 'snapshot_check_all_get_existing_columns'],
    ...['get_true_sql', 'get_columns_in_query', 'get_list_of_column_names', 'equals'],
    ...['get_column_schema_from_query', 'get_snapshot_get_time_data_type'],
    ...['dispatch_temporary_relation', 'get_create_index_sql'],
  ],
  test: [
    ...anywhere,
    ...['get_test_sql', 'get_limit_subquery_sql', 'get_limit_sql', 'should_store_failures'],
    ...['get_create_sql', 'get_create_table_as_sql', 'create_table_as'],
    ...['get_create_view_as_sql', 'create_view_as'],
  ],
  unit: [
    ...anywhere,
    ...['get_unit_test_sql', 'get_expected_sql', 'format_row', 'safe_cast', 'cast'],
    ...['get_create_table_as_sql', 'create_table_as', 'get_empty_subquery_sql'],
    ...['get_columns_in_query', 'string_literal', 'escape_single_quotes'],
  ],
  function: [
    ...anywhere,
    ...['function_execute_build_sql', 'scalar_function_sql', 'scalar_function_body_sql'],
    ...['scalar_function_create_replace_signature_sql', 'scalar_function_volatility_sql'],
    ...['formatted_scalar_function_args_sql', 'unsupported_volatility_warning'],
  ],
}

/** What the rows that a unit test gives to its model go through. */
export const usesOfFixtures = [
  ...['get_fixture_sql', 'validate_fixture_rows', 'format_row', 'safe_cast', 'cast'],
  ...['string_literal', 'escape_single_quotes', 'load_relation', 'load_cached_relation'],
  'get_columns_in_relation',
] as const

const inserts = ['get_insert_into_sql', 'get_quoted_csv']
const deletes = [
  'get_delete_insert_merge_sql',
  'get_quoted_csv',
  'normalize_incremental_predicates',
]
const merges = [
  ...['get_merge_sql', 'normalize_incremental_predicates', 'get_merge_update_columns'],
  ...['validate_merge_config', 'merge_clause_defaults', 'merge_join_clause'],
  ...['validate_merge_clauses', 'validate_ducklake_restrictions', 'validate_dict_field'],
  ...['validate_string_field', 'validate_string_list_field'],
]

const ofStrategies: Readonly<Record<string, readonly string[]>> = {
  default: ['get_incremental_delete_insert_sql', ...deletes, ...inserts],
  append: inserts,
  'delete+insert': deletes,
  merge: merges,
}

/** @param strategy of an incremental model; its own macro, `get_incremental_<strategy>_sql`, counts too */
export function usesOfStrategy(strategy: string | undefined): readonly string[] {
  if (strategy === undefined) return []
  const own = `get_incremental_${strategy.replaceAll('+', '_')}_sql`
  return [own, ...(ofStrategies[strategy] ?? [])]
}
