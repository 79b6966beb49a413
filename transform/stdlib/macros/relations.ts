/** Relations looked up, made, renamed, replaced and dropped. */
import { dispatching, macrosOf } from './standard-macro.ts'

/** Text of a statement, and a line in the log that says it is about to be made. */
const logged = (verb: string, signature: string, subject = 'relation') => {
  const [, name, parameters] = /^(\w+)\((.*)\)$/.exec(signature) ?? []
  return `{% macro ${signature} -%}
  {{- log('Applying ${verb} to: ' ~ ${subject}) -}}
  {{- adapter.dispatch('${name}', 'dbt')(${parameters}) -}}
{%- endmacro %}`
}

const unsupported = (signature: string) => {
  const [, name] = /^(\w+)/.exec(signature) ?? []
  return `{% macro default__${signature} %}
  {{ exceptions.raise_compiler_error('\`${name}\` has not been implemented for this adapter.') }}
{% endmacro %}`
}

/** One statement for each type of relation that has one. */
const byType = (name: string, parameters: string, what: string) =>
  `{% macro default__${name}(${parameters}) -%}
  {%- if relation.is_view -%} {{ ${what.replace('TYPE', 'view')}(${parameters}) }}
  {%- elif relation.is_table -%} {{ ${what.replace('TYPE', 'table')}(${parameters}) }}
  {%- elif relation.is_materialized_view -%} {{ ${what.replace('TYPE', 'materialized_view')}(${parameters}) }}
  {%- else -%} {{- exceptions.raise_compiler_error('\`${name}\` has not been implemented for: ' ~ relation.type) -}}
  {%- endif -%}
{%- endmacro %}`

const materializedViews = `
${[
  'get_create_materialized_view_as_sql(relation, sql)',
  'get_rename_materialized_view_sql(relation, new_name)',
  'get_replace_materialized_view_sql(relation, sql)',
  'get_rename_table_sql(relation, new_name)',
  'get_replace_table_sql(relation, sql)',
  'get_rename_view_sql(relation, new_name)',
  'get_replace_view_sql(relation, sql)',
]
  .map((signature) => `${dispatching(signature)}\n${unsupported(signature)}`)
  .join('\n')}
${logged('REFRESH', 'refresh_materialized_view(relation)')}
${unsupported('refresh_materialized_view(relation)')}
${logged('ALTER', 'get_alter_materialized_view_as_sql(relation, configuration_changes, sql, existing_relation, backup_relation, intermediate_relation)')}
{% macro default__get_alter_materialized_view_as_sql(relation, configuration_changes, sql, existing_relation, backup_relation, intermediate_relation) %}
  {{ exceptions.raise_compiler_error('Materialized views have not been implemented for this adapter.') }}
{% endmacro %}
{% macro get_materialized_view_configuration_changes(existing_relation, new_config) %}
  {{- log('Determining configuration changes on: ' ~ existing_relation) -}}
  {%- do return(adapter.dispatch('get_materialized_view_configuration_changes', 'dbt')(existing_relation, new_config)) -%}
{% endmacro %}
{% macro default__get_materialized_view_configuration_changes(existing_relation, new_config) %}
  {{ exceptions.raise_compiler_error('Materialized views have not been implemented for this adapter.') }}
{% endmacro %}
`

const lookUps = `
${dispatching(
  'make_intermediate_relation(base_relation, suffix="__dbt_tmp")',
  'make_backup_relation(base_relation, backup_relation_type, suffix="__dbt_backup")',
  'get_or_create_relation(database, schema, identifier, type)',
  'truncate_relation(relation)',
  'drop_relation(relation)',
  'rename_relation(from_relation, to_relation)',
  'create_schema(relation)',
  'drop_schema(relation)',
  'drop_schema_named(schema_name)',
  'drop_table(relation)',
  'drop_view(relation)',
  'drop_materialized_view(relation)',
)}
{% macro make_temp_relation(base_relation, suffix='__dbt_tmp') %}
  {% set whole = suffix ~ '_' ~ model.batch.id if suffix == '__dbt_tmp' and model.batch else suffix %}
  {{ return(adapter.dispatch('make_temp_relation', 'dbt')(base_relation, whole)) }}
{% endmacro %}
{% macro default__make_temp_relation(base_relation, suffix) %}
  {{ return(base_relation.incorporate(path={'identifier': base_relation.identifier ~ suffix})) }}
{% endmacro %}
{% macro default__make_intermediate_relation(base_relation, suffix) %}
  {{ return(default__make_temp_relation(base_relation, suffix)) }}
{% endmacro %}
{% macro default__make_backup_relation(base_relation, backup_relation_type, suffix) %}
  {{ return(base_relation.incorporate(path={'identifier': base_relation.identifier ~ suffix}, type=backup_relation_type)) }}
{% endmacro %}
{% macro default__get_or_create_relation(database, schema, identifier, type) %}
  {% set found = adapter.get_relation(database=database, schema=schema, identifier=identifier) %}
  {% if found %}{% do return([true, found]) %}{% endif %}
  {% do return([false, api.Relation.create(database=database, schema=schema, identifier=identifier, type=type)]) %}
{% endmacro %}
{% macro load_cached_relation(relation) %}
  {% do return(adapter.get_relation(database=relation.database, schema=relation.schema, identifier=relation.identifier)) %}
{% endmacro %}
{% macro load_relation(relation) %}{{ return(load_cached_relation(relation)) }}{% endmacro %}

{% macro default__truncate_relation(relation) -%}
  {% call statement('truncate_relation') -%} truncate table {{ relation.render() }} {%- endcall %}
{% endmacro %}
{% macro default__drop_relation(relation) -%}
  {% call statement('drop_relation', auto_begin=False) -%} {{ get_drop_sql(relation) }} {%- endcall %}
{% endmacro %}
{% macro drop_relation_if_exists(relation) %}{% if relation is not none %}{{ adapter.drop_relation(relation) }}{% endif %}{% endmacro %}
{% macro default__rename_relation(from_relation, to_relation) -%}
  {% call statement('rename_relation') -%}
    alter table {{ from_relation.render() }} rename to {{ adapter.quote_as_configured(to_relation.identifier, 'identifier') }}
  {%- endcall %}
{% endmacro %}
{% macro default__create_schema(relation) -%}
  {%- call statement('create_schema') -%} create schema if not exists {{ relation.without_identifier() }} {% endcall %}
{% endmacro %}
{% macro default__drop_schema(relation) -%}
  {%- call statement('drop_schema') -%} drop schema if exists {{ relation.without_identifier() }} cascade {% endcall %}
{% endmacro %}
{% macro default__drop_schema_named(schema_name) %}{{ adapter.drop_schema(api.Relation.create(schema=schema_name)) }}{% endmacro %}
{% macro default__drop_table(relation) -%} drop table if exists {{ relation.render() }} cascade {%- endmacro %}
{% macro default__drop_view(relation) -%} drop view if exists {{ relation.render() }} cascade {%- endmacro %}
{% macro default__drop_materialized_view(relation) -%} drop materialized view if exists {{ relation.render() }} cascade {%- endmacro %}
`

const statements = `
${logged('CREATE', 'get_create_sql(relation, sql)')}
${logged('CREATE BACKUP', 'get_create_backup_sql(relation)')}
${logged('CREATE INTERMEDIATE', 'get_create_intermediate_sql(relation, sql)')}
${logged('DROP', 'get_drop_sql(relation)')}
${logged('DROP BACKUP', 'get_drop_backup_sql(relation)')}
${logged('RENAME', 'get_rename_sql(relation, new_name)')}
${logged('RENAME INTERMEDIATE', 'get_rename_intermediate_sql(relation)')}
${logged('REPLACE', 'get_replace_sql(existing_relation, target_relation, sql)', 'existing_relation')}
{% macro default__get_create_sql(relation, sql) -%}
  {%- if relation.is_view -%} {{ get_create_view_as_sql(relation, sql) }}
  {%- elif relation.is_table -%} {{ get_create_table_as_sql(False, relation, sql) }}
  {%- elif relation.is_materialized_view -%} {{ get_create_materialized_view_as_sql(relation, sql) }}
  {%- else -%} {{- exceptions.raise_compiler_error('\`get_create_sql\` has not been implemented for: ' ~ relation.type) -}}
  {%- endif -%}
{%- endmacro %}
{% macro default__get_create_backup_sql(relation) -%}
  {%- set backup = make_backup_relation(relation, relation.type) -%}
  -- get the standard backup name

  -- drop any pre-existing backup
  {{ get_drop_sql(backup) }};

  {{ get_rename_sql(relation, backup.identifier) }}
{%- endmacro %}
{% macro default__get_create_intermediate_sql(relation, sql) -%}
  {%- set intermediate = make_intermediate_relation(relation) -%}
  -- get the standard intermediate name

  -- drop any pre-existing intermediate
  {{ get_drop_sql(intermediate) }};

  {{ get_create_sql(intermediate, sql) }}
{%- endmacro %}
{% macro default__get_drop_sql(relation) -%}
  {%- if relation.is_view -%} {{ drop_view(relation) }}
  {%- elif relation.is_table -%} {{ drop_table(relation) }}
  {%- elif relation.is_materialized_view -%} {{ drop_materialized_view(relation) }}
  {%- else -%} drop {{ relation.type }} if exists {{ relation.render() }} cascade
  {%- endif -%}
{%- endmacro %}
{% macro default__get_drop_backup_sql(relation) -%}
  -- get the standard backup name
  {{ get_drop_sql(make_backup_relation(relation, relation.type)) }}
{%- endmacro %}
${byType('get_rename_sql', 'relation, new_name', 'get_rename_TYPE_sql')}
{% macro default__get_rename_intermediate_sql(relation) -%}
  -- get the standard intermediate name
  {{ get_rename_sql(make_intermediate_relation(relation), relation.identifier) }}
{%- endmacro %}
{% macro default__get_replace_sql(existing_relation, target_relation, sql) %}
  {% set in_place = existing_relation.type == target_relation.type and existing_relation.can_be_replaced %}
  {% if in_place and existing_relation.is_view %} {{ get_replace_view_sql(target_relation, sql) }}
  {% elif in_place and existing_relation.is_table %} {{ get_replace_table_sql(target_relation, sql) }}
  {% elif in_place and existing_relation.is_materialized_view %} {{ get_replace_materialized_view_sql(target_relation, sql) }}
  {%- else -%}
    {%- if target_relation.can_be_renamed -%}
      {{ get_create_intermediate_sql(target_relation, sql) }};
    {%- endif %}
    {% if existing_relation.can_be_renamed -%}
      {{ get_create_backup_sql(existing_relation) }};
    {%- else -%}
      {{ get_drop_sql(existing_relation) }};
    {%- endif %}
    {{ get_rename_intermediate_sql(target_relation) if target_relation.can_be_renamed else get_create_sql(target_relation, sql) }}
    {%- if existing_relation.can_be_renamed -%}
      ;
      {{ get_drop_backup_sql(existing_relation) }}
    {%- endif -%}
  {%- endif -%}
{% endmacro %}
${dispatching('handle_existing_table(full_refresh, old_relation)')}
{% macro default__handle_existing_table(full_refresh, old_relation) %}
  {{ log('Dropping relation ' ~ old_relation.render() ~ ' because it is of type ' ~ old_relation.type) }}
  {{ adapter.drop_relation(old_relation) }}
{% endmacro %}
${dispatching('can_clone_table()', 'create_or_replace_clone(this_relation, defer_relation)')}
{% macro default__can_clone_table() %}{{ return(False) }}{% endmacro %}
{% macro default__create_or_replace_clone(this_relation, defer_relation) %}
  create or replace table {{ this_relation.render() }} clone {{ defer_relation.render() }}
{% endmacro %}
`

const duckdb = `
{% macro duckdb__create_schema(relation) -%}
  {%- call statement('create_schema') -%}
    {% set engines %}
      select type from duckdb_databases() where lower(database_name)='{{ relation.database | lower }}' and type != 'duckdb'
    {% endset %}
    {% set found = run_query(engines) %}
    {% set engine = found.columns[0].values()[0] if found | length else 'duckdb' %}
    {% if engine == 'sqlite' and relation.schema != 'main' %}
      {{ exceptions.raise_compiler_error("Schema must be 'main' when writing to sqlite instead got " ~ relation.schema) }}
    {% elif engine not in ['sqlite', 'mysql'] %}
      create schema if not exists {{ relation.without_identifier() }}
    {% endif %}
  {%- endcall -%}
{% endmacro %}
{% macro duckdb__drop_schema(relation) -%}
  {%- call statement('drop_schema') -%} drop schema if exists {{ relation.without_identifier() }} cascade {%- endcall -%}
{% endmacro %}
{% macro duckdb__drop_relation(relation) -%}
  {% call statement('drop_relation', auto_begin=False) -%}
    drop {{ relation.type }} if exists {{ relation }} {{ 'cascade' if not adapter.is_ducklake(relation) }}
  {%- endcall %}
{% endmacro %}
{% macro duckdb__rename_relation(from_relation, to_relation) -%}
  {% call statement('rename_relation') -%}
    alter {{ to_relation.type }} {{ from_relation }} rename to {{ adapter.quote_as_configured(to_relation.identifier, 'identifier') }}
  {%- endcall %}
{% endmacro %}
{% macro duckdb__make_temp_relation(base_relation, suffix) %}
  {% set identifier = base_relation.identifier ~ suffix ~ py_current_timestring() %}
  {% do return(base_relation.incorporate(path={'identifier': identifier, 'schema': none, 'database': none})) %}
{% endmacro %}
{% macro duckdb__dispatch_temporary_relation(target_relation, batch_id='') %}
  {% if not adapter.is_motherduck() %}
    {% do return({'relation': make_temp_relation(target_relation), 'temporary': true}) %}
  {% endif %}
  {% set relation = target_relation.incorporate(path=adapter.get_temp_relation_path(target_relation, batch_id)) %}
  {% do run_query(create_schema(relation)) %}
  {% if not adapter.disable_transactions() %}{% do adapter.commit() %}{% endif %}
  {% do return({'relation': relation, 'temporary': false}) %}
{% endmacro %}
`

export const relationMacros = [
  ...macrosOf('dbt', materializedViews + lookUps + statements),
  ...macrosOf('dbt_duckdb', duckdb),
]
