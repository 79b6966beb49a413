/**
 * dbt's materializations as macros. The runner makes tables, views, increments and seeds without them; they run where a
 * project has replaced a macro that they call, and do the same in the same order, so that what was replaced is called.
 */
import { macrosOf } from './standard-macro.ts'

/** Both sides of a transaction's begin: hooks before it, then those inside. */
const before = `{{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}`

/** What a run that was killed has left behind. */
const sweep = `{{ drop_relation_if_exists(load_cached_relation(fresh)) }}
  {{ drop_relation_if_exists(load_cached_relation(backup)) }}`

const view = `
{% macro materialization_view_default() %}
  {% set existing = load_cached_relation(this) %}
  {% set target = this.incorporate(type='view') %}
  {% set fresh = make_intermediate_relation(target) %}
  {% set backup = make_backup_relation(target, existing.type if existing is not none else 'view') %}
  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  ${sweep}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}
  {% call statement('main') -%} {{ get_create_view_as_sql(fresh, sql) }} {%- endcall %}
  {% set standing = load_cached_relation(existing) if existing is not none else none %}
  {% if standing is not none %}{{ adapter.rename_relation(standing, backup) }}{% endif %}
  {{ adapter.rename_relation(fresh, target) }}
  {% do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing, full_refresh_mode=True)) %}
  {% do persist_docs(target, model) %}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ adapter.commit() }}
  {{ drop_relation_if_exists(load_cached_relation(backup)) }}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
  {{ return({'relations': [target]}) }}
{% endmacro %}
`

const table = `
{% macro materialization_table_duckdb() %}
  {% set language = model['language'] %}
  {% set existing = load_cached_relation(this) %}
  {% set target = this.incorporate(type='table') %}
  {% set fresh = make_intermediate_relation(target) %}
  {% set backup = make_backup_relation(target, existing.type if existing is not none else 'table') %}
  {% set in_place = has_foreign_key_constraints(existing) %}
  {% set dropped = [] %}
  ${sweep}
  ${before}
  {% set partitioned_by = duckdb__get_partitioned_by(target, false) %}
  {% set sorted_by = duckdb__get_sorted_by(target, false) %}
  {% if in_place and existing is not none %}{% set dropped = drop_relation_for_rebuild(existing) %}{% endif %}
  {% call statement('main', language=language) -%}
    {{- create_table_as(False, target if in_place else fresh, compiled_code, language, partitioned_by=partitioned_by, sorted_by=sorted_by) }}
  {%- endcall %}
  {% if not in_place %}
    {% if existing is not none %}
      {% do drop_indexes_on_relation(existing) %}
      {% if existing.is_table and may_be_foreign_key_target(existing) %}{% set dropped = drop_foreign_key_dependents(existing) %}{% endif %}
      {{ adapter.rename_relation(existing, backup) }}
    {% endif %}
    {{ adapter.rename_relation(fresh, target) }}
  {% endif %}
  {% do restore_foreign_key_dependents(dropped) %}
  {% do create_indexes(target) %}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {% do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing, full_refresh_mode=True)) %}
  {% do persist_docs(target, model) %}
  {{ adapter.commit() }}
  {{ drop_relation_if_exists(load_cached_relation(backup)) }}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
  {{ return({'relations': [target]}) }}
{% endmacro %}
`

const incremental = `
{% macro materialization_incremental_duckdb() %}
  {% set language = model['language'] %}
  {% set existing = load_cached_relation(this) %}
  {% set target = this.incorporate(type='table') %}
  {% set fresh = make_intermediate_relation(target) %}
  {% set backup = make_backup_relation(target, existing.type if existing is not none else 'table') %}
  {% set is_full = existing is not none and (should_full_refresh() or existing.is_view) %}
  {% set is_new = existing is none or is_full %}
  {% set on_schema_change = incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore') %}
  {% set partitioned_by = duckdb__get_partitioned_by(target, false) if is_new else none %}
  {% set sorted_by = duckdb__get_sorted_by(target, false) if is_new else none %}
  {% set to_drop, dropped, swaps = [], [], false %}
  ${sweep}
  {% set batch = duckdb__dispatch_temporary_relation(target, adapter.batch_id_for_model(model)) %}
  {% if not batch.temporary %}{% do to_drop.append(batch.relation) %}{% endif %}
  ${before}
  {% if is_new %}
    {% if is_full and has_foreign_key_constraints(existing) %}
      {% set dropped = drop_relation_for_rebuild(existing) %}
    {% else %}
      {% set swaps = is_full %}
    {% endif %}
    {% set build = create_table_as(False, fresh if swaps else target, compiled_code, language, partitioned_by=partitioned_by, sorted_by=sorted_by) %}
  {% else %}
    {% set made = create_table_as(batch.temporary, batch.relation, compiled_code, language, partitioned_by=none, sorted_by=none) %}
    {% if language == 'python' %}{% call statement('pre', language=language) %}{{- made }}{% endcall %}{% else %}{% do run_query(made) %}{% endif %}
    {% do adapter.expand_target_column_types(from_relation=batch.relation, to_relation=target) %}
    {% set columns = process_schema_changes(on_schema_change, batch.relation, existing) or adapter.get_columns_in_relation(existing) %}
    {% set strategy = adapter.get_incremental_strategy_macro(context, config.get('incremental_strategy') or 'default') %}
    {% set build = strategy({
      'target_relation': target,
      'temp_relation': batch.relation,
      'unique_key': config.get('unique_key'),
      'dest_columns': columns,
      'incremental_predicates': config.get('predicates', none) or config.get('incremental_predicates', none),
    }) %}
    {% set language = 'sql' %}
  {% endif %}
  {% call statement('main', language=language) %}
    {{- build }}
  {% endcall %}
  {% if swaps %}
    {% do drop_indexes_on_relation(target) %}
    {% if may_be_foreign_key_target(target) %}{% set dropped = drop_foreign_key_dependents(target) %}{% endif %}
    {% do adapter.rename_relation(existing, backup) %}
    {% do adapter.rename_relation(fresh, target) %}
    {% do to_drop.append(backup) %}
  {% endif %}
  {% do restore_foreign_key_dependents(dropped) %}
  {% do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing, is_full)) %}
  {% if is_new %}{% do create_indexes(target) %}{% endif %}
  {% do persist_docs(target, model) %}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {% do adapter.commit() %}
  {% for relation in to_drop %}
    {% do drop_indexes_on_relation(relation) %}
    {% do adapter.drop_relation(relation) %}
  {% endfor %}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
  {{ return({'relations': [target]}) }}
{% endmacro %}
`

const seed = `
{% macro materialization_seed_default() %}
  {% set is_full = should_full_refresh() %}
  {% set existing = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) %}
  {% set table = load_agate_table() %}
  {% do store_result('agate_table', response='OK', agate_table=table) %}
  ${before}
  {% if existing is not none and existing.is_view %}
    {{ exceptions.raise_compiler_error("Cannot seed to '{}', it is a view".format(existing.render())) }}
  {% endif %}
  {% set made = reset_csv_table(model, is_full, existing, table) if existing is not none else create_csv_table(model, table) %}
  {% set code, rows = 'CREATE' if is_full else 'INSERT', table.rows | length %}
  {% set filled = load_csv_rows(model, table) if rows > 0 else '' %}
  {% call noop_statement('main', code ~ ' ' ~ rows, code, rows) %}
    {{ get_csv_sql(made, filled) }};
  {% endcall %}
  {% set target = this.incorporate(type='table') %}
  {% do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing, is_full)) %}
  {% do persist_docs(target, model) %}
  {% if is_full or existing is none %}{% do create_indexes(target) %}{% endif %}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ adapter.commit() }}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
  {{ return({'relations': [target]}) }}
{% endmacro %}
`

/** Helpers of the join that finds changes, which stand beside the columns of the query. */
const snapshot = `
{% macro materialization_snapshot_default() %}
  {% set identifier = model.get('alias', model.get('name')) %}
  {% set stands, target = get_or_create_relation(database=model.database, schema=model.schema, identifier=identifier, type='table') %}
  {% if not target.is_table %}{% do exceptions.relation_wrong_type(target, 'table') %}{% endif %}
  ${before}
  {% set strategy = strategy_dispatch(config.get('strategy'))(model, 'snapshotted_data', 'source_data', model['config'], stands) %}
  {% if stands %}
    {% set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() %}
    {{ adapter.assert_valid_snapshot_target_given_strategy(target, columns, strategy) }}
    {% set select = snapshot_staging_table(strategy, sql, target) %}
    {% set staging = build_snapshot_staging_table(strategy, sql, target) %}
    {% do adapter.expand_target_column_types(from_relation=staging, to_relation=target) %}
    {% set helpers = ['dbt_change_type', 'DBT_CHANGE_TYPE', 'dbt_unique_key', 'DBT_UNIQUE_KEY'] %}
    {% for key in strategy.unique_key if config.get('unique_key') is not string %}
      {% do helpers.extend(['dbt_unique_key_' ~ loop.index, 'DBT_UNIQUE_KEY_' ~ loop.index]) %}
    {% endfor %}
    {% do create_columns(target, adapter.get_missing_columns(staging, target) | rejectattr('name', 'in', helpers) | list) %}
    {% set names = [] %}
    {% for column in adapter.get_columns_in_relation(staging) | rejectattr('name', 'in', helpers) %}
      {% do names.append(adapter.quote(column.name)) %}
    {% endfor %}
    {% set final = snapshot_merge_sql(target=target, source=staging, insert_cols=names) %}
  {% else %}
    {% set staging, select = none, build_snapshot_table(strategy, model['compiled_code']) %}
    {% set final = create_table_as(False, target, select) %}
  {% endif %}
  {{ check_time_data_types(select) }}
  {% call statement('main') %}
      {{ final }}
  {% endcall %}
  {% do apply_grants(target, config.get('grants'), should_revoke=should_revoke(stands, full_refresh_mode=False)) %}
  {% do persist_docs(target, model) %}
  {% if not stands %}{% do create_indexes(target) %}{% endif %}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ adapter.commit() }}
  {% if staging is not none %}{% do post_snapshot(staging) %}{% endif %}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
  {{ return({'relations': [target]}) }}
{% endmacro %}
`

/** Of data tests and unit tests: what the statement \`main\` answers is the verdict, and nothing stays but kept failures. */
const tests = `
{% macro materialization_test_default() %}
  {% set header = config.get('sql_header') if flags.REQUIRE_SQL_HEADER_IN_TEST_CONFIGS else none %}
  {% set rows, relations = get_limit_subquery_sql(sql, config.get('limit')), [] %}
  {% if should_store_failures() %}
    {% set existing = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) %}
    {% set as = config.get('store_failures_as') or 'table' %}
    {% if as not in ['table', 'view'] %}
      {{ exceptions.raise_compiler_error("'" ~ as ~ "' is not a valid value for \`store_failures_as\`. Accepted values are: ['ephemeral', 'table', 'view']") }}
    {% endif %}
    {% set target = api.Relation.create(identifier=model['alias'], schema=schema, database=database, type=as) %}
    {% if existing %}{% do adapter.drop_relation(existing) %}{% endif %}
    {% call statement(auto_begin=True) %}
      {{ header if header }}
      {{ get_create_sql(target, rows) }}
    {% endcall %}
    {% do relations.append(target) %}
    {% set rows = 'select * from ' ~ target %}
    {{ adapter.commit() }}
  {% endif %}
  {% call statement('main', fetch_result=True) -%}
    {{ header if header }}
    {{ get_test_sql(rows, config.get('fail_calc'), config.get('warn_if'), config.get('error_if'), limit=none) }}
  {%- endcall %}
  {{ return({'relations': relations}) }}
{% endmacro %}
{% macro materialization_unit_default() %}
  {% set rows = config.get('expected_rows') %}
  {% set tested = rows[0].keys() if rows else get_columns_in_query(sql) %}
  {% set shape = make_temp_relation(this.incorporate(type='table')) %}
  {% do run_query(get_create_table_as_sql(True, shape, get_empty_subquery_sql(sql))) %}
  {% set types, quoted, names = {}, {}, [] %}
  {% for column in adapter.get_columns_in_relation(shape) %}
    {% do types.update({column.name | lower: column.data_type}) %}
    {% do quoted.update({column.name | lower: column.quoted}) %}
  {% endfor %}
  {% for name in tested %}{% do names.append(quoted[name | lower]) %}{% endfor %}
  {% set expected = config.get('expected_sql') or get_expected_sql(rows, types, quoted) %}
  {% call statement('main', fetch_result=True) -%}
    {{ get_unit_test_sql(sql, expected, names) }}
  {%- endcall %}
  {% do adapter.drop_relation(shape) %}
  {{ return({'relations': []}) }}
{% endmacro %}
`

/** A function is called by the name of what it is: \`scalar_function_sql\`. */
const functions = `
{% macro materialization_function_default() %}
  {% set existing = load_cached_relation(this) %}
  {% set target = this.incorporate(type=this.Function) %}
  {{ run_hooks(pre_hooks) }}
  {% set build = adapter.dispatch(this.get_function_macro_name(this.get_function_config(model)), 'dbt')(target) %}
  {{ function_execute_build_sql(build, existing, target) }}
  {{ run_hooks(post_hooks) }}
  {{ return({'relations': [target]}) }}
{% endmacro %}
`

export const materializationMacros = [
  ...macrosOf('dbt', view + seed + snapshot + tests + functions),
  ...macrosOf('dbt_duckdb', table + incremental),
]
