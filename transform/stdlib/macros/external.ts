/** Files written and read back, and tables that foreign keys bind together. */
import { macrosOf } from './standard-macro.ts'

const files = `
{% macro location_exists(location) -%}{% do return(adapter.location_exists(location)) %}{% endmacro %}
{% macro write_to_file(relation, location, options) -%}
  {% call statement('write_to_file') -%} copy {{ relation }} to '{{ location }}' ({{ options }}) {%- endcall %}
{% endmacro %}
{% macro store_relation(plugin, relation, location, format, config) -%}
  {% do adapter.store_relation(plugin, relation, adapter.get_columns_in_relation(relation), location, format, config) %}
{% endmacro %}
{% macro render_write_options(config) -%}
  {% set options = config.get('options', {}) %}
  {% if options is not mapping %}{% do exceptions.raise_compiler_error('The options argument must be a dictionary') %}{% endif %}
  {% for name in options | list %}{% do options.update({name: render(options[name])}) %}{% endfor %}
  {% for name in ['format', 'delimiter'] if config.get(name) %}{% do options.update({name: render(config.get(name))}) %}{% endfor %}
  {% do return(options) %}
{%- endmacro %}
{% macro external_location(relation, config) -%}
  {{- adapter.external_root() }}/{{ relation.identifier }}{{ '.' ~ config.get('format', 'parquet') if config.get('options', {}).get('partition_by') is none -}}
{%- endmacro %}
{% macro register_upstream_external_models() -%}
  {%- if not execute -%}{{ return('') }}{%- endif -%}
  {%- set seen, schemas = {}, {} -%}
  {%- for id in selected_resources if id in graph['nodes'] -%}
    {%- for other in graph['nodes'][id]['depends_on']['nodes'] if other not in seen and other not in selected_resources -%}
      {%- do seen.update({other: none}) -%}
      {%- set upstream = graph['nodes'].get(other) -%}
      {%- if upstream and upstream.resource_type in ('model', 'seed') and upstream.config.materialized == 'external' -%}
        {%- set relation = api.Relation.create(database=upstream['database'], schema=upstream['schema'], identifier=upstream['alias']) -%}
        {%- set location = upstream.config.get('location', external_location(relation, upstream.config)) -%}
        {%- set readable = adapter.external_read_location(location, render_write_options(upstream.config)) -%}
        {%- if relation.schema not in schemas -%}
          {%- do schemas.update({relation.schema: none}) -%}
          {%- call statement('main', language='sql') -%} create schema if not exists {{ relation.without_identifier() }} {%- endcall -%}
        {%- endif -%}
        {%- call statement('main', language='sql') -%}
          create or replace view {{ relation }} as ( select * from '{{ readable }}' );
        {%- endcall -%}
      {%- endif -%}
    {%- endfor -%}
  {%- endfor -%}
  {%- if schemas -%}{%- do adapter.commit() -%}{%- endif -%}
{%- endmacro %}
`

const constraints = `
{% macro enforced_constraint_types() -%}
  {%- set types = [] -%}
  {%- if (config.get('contract') or {}).enforced -%}
    {%- for constraint in model.get('constraints', []) -%}{%- do types.append(constraint.type) -%}{%- endfor -%}
    {%- for column in model.get('columns', {}).values() -%}
      {%- for constraint in column.get('constraints', []) -%}{%- do types.append(constraint.type) -%}{%- endfor -%}
    {%- endfor -%}
  {%- endif -%}
  {{ return(types) }}
{%- endmacro %}
{% macro existing_constraint_types(relation) -%}
  {{ return(adapter.existing_key_constraint_types(relation) if relation is not none and relation.is_table else []) }}
{%- endmacro %}
{% macro has_foreign_key_constraints(relation=none) -%}
  {{ return(adapter.catalog_supports_foreign_keys(this.database)
    and 'foreign_key' in enforced_constraint_types() + existing_constraint_types(relation)) }}
{%- endmacro %}
{% macro may_be_foreign_key_target(relation=none) -%}
  {%- if not adapter.catalog_supports_foreign_keys(this.database) -%}{{ return(false) }}{%- endif -%}
  {%- set types = enforced_constraint_types() + existing_constraint_types(relation) -%}
  {{ return('primary_key' in types or 'unique' in types) }}
{%- endmacro %}
{% macro drop_relation_for_rebuild(relation) -%}
  {% do adapter.ensure_transaction() %}
  {% set dropped = drop_foreign_key_dependents(relation) if relation.is_table and may_be_foreign_key_target(relation) else [] %}
  {% do adapter.drop_relation(relation) %}
  {{ return(dropped) }}
{%- endmacro %}
{% macro restore_foreign_key_dependents(dropped) -%}
  {% for item in dropped | reverse %}
    {{ log('Restoring data for ' ~ item['relation'] ~ '; its constraints are rebuilt later in this run', info=True) }}
    {% do adapter.rename_relation(item['backup'], item['relation']) %}
  {% endfor %}
{%- endmacro %}
{% macro drop_foreign_key_dependents(relation) -%}
  {% set database, schema, table = adapter.escape_sql_string(relation.database), adapter.escape_sql_string(relation.schema), adapter.escape_sql_string(relation.identifier) %}
  {% call statement('get_foreign_key_dependents', fetch_result=True) %}
    with recursive keys as (
      select table_name, referenced_table from duckdb_constraints()
      where constraint_type = 'FOREIGN KEY' and lower(database_name) = lower('{{ database }}')
        and lower(schema_name) = lower('{{ schema }}') and lower(table_name) <> lower(referenced_table)
    ),
    dependents(table_name, depth) as (
      select table_name, 1 from keys where lower(referenced_table) = lower('{{ table }}')
      union
      select keys.table_name, dependents.depth + 1
      from keys join dependents on lower(keys.referenced_table) = lower(dependents.table_name)
    )
    select table_name, list(distinct lower(keys.referenced_table)) as referenced
    from (select table_name, max(depth) as depth from dependents group by table_name)
    join keys using (table_name)
    group by table_name, depth order by depth desc, table_name
  {% endcall %}
  {% set rows = load_result('get_foreign_key_dependents').table.rows %}
  {% set builders, chain, problems = {}, {relation.identifier | lower: model.unique_id}, [] %}
  {% for node in graph.nodes.values() if node.resource_type == 'model'
      and (node.database or '') | lower == relation.database | lower and node.schema | lower == relation.schema | lower %}
    {% for row in rows if (node.alias or node.name) | lower == row[0] | lower %}
      {% do builders.update({row[0]: node}) %}
      {% do chain.update({row[0] | lower: node.unique_id}) %}
    {% endfor %}
  {% endfor %}
  {% for row in rows %}
    {% set node = builders.get(row[0]) %}
    {% set upstream = fromjson(row[1]) | select('in', chain) | map('string') | list %}
    {% if node is none %}{% do problems.append(row[0] ~ ' (not built by a model of this project)') %}
    {% elif node.unique_id not in selected_resources %}{% do problems.append(row[0] ~ ' (its model ' ~ node.name ~ ' is not selected)') %}
    {% elif not upstream or chain[upstream[0]] not in node.depends_on.nodes %}
      {% do problems.append(row[0] ~ ' (its model ' ~ node.name ~ ' does not ref() the table that its foreign key points at)') %}
    {% else %}
      {% set refreshed = flags.FULL_REFRESH if node.config.full_refresh is none else node.config.full_refresh %}
      {% if not (node.config.materialized == 'table' or (node.config.materialized == 'incremental' and refreshed)) %}
        {% do problems.append(row[0] ~ ' (its model ' ~ node.name ~ ' is ' ~ node.config.materialized ~ ' and would lose its rows: run with --full-refresh)') %}
      {% endif %}
    {% endif %}
  {% endfor %}
  {% if problems %}
    {% do exceptions.raise_compiler_error('Cannot replace ' ~ relation ~ ': foreign keys point at it, and only tables that this run rebuilds can be dropped. Problem tables: ' ~ problems | join('; ')) %}
  {% endif %}
  {% set dropped = [] %}
  {% for row in rows %}
    {% set dependent = api.Relation.create(database=relation.database, schema=relation.schema, identifier=row[0], type='table') %}
    {% set backup = dependent.incorporate(path={'identifier': row[0] ~ '__dbt_fk_backup'}, type='table') %}
    {% do adapter.drop_relation(backup) %}
    {% call statement('backup_foreign_key_dependent_' ~ loop.index) %} create table {{ backup }} as select * from {{ dependent }} {% endcall %}
    {{ log('Dropping ' ~ dependent ~ ' because it references ' ~ relation ~ ' through a foreign key; it is rebuilt later in this run', info=True) }}
    {% do adapter.drop_relation(dependent) %}
    {% do dropped.append({'relation': dependent, 'backup': backup}) %}
  {% endfor %}
  {{ return(dropped) }}
{%- endmacro %}
`

export const externalMacros = macrosOf('dbt_duckdb', files + constraints)
