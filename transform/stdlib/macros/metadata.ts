/** What the engine says of itself: catalog, schemas, relations, freshness; and what is said to it: grants, comments, indexes. */
import { dispatching, macrosOf } from './standard-macro.ts'

/** A macro that an adapter has to bring. */
const absent = (signature: string, raise: 'raise_not_implemented' | 'raise_compiler_error') => {
  const [, name] = /^(\w+)/.exec(signature) ?? []
  const middle = raise === 'raise_not_implemented' ? ' macro' : ''
  return `${dispatching(signature)}
{% macro default__${signature} -%}
  {{ exceptions.${raise}('${name}${middle} not implemented for ${middle === '' ? '' : 'adapter '}' ~ adapter.type()) }}
{% endmacro %}`
}

const undecided = (signature: string) => {
  const [, name] = /^(\w+)/.exec(signature) ?? []
  return `${dispatching(signature)}
{% macro default__${signature} -%}
  {{ exceptions.raise_compiler_error('\`${name} has not been implemented for this adapter.') }}
{%- endmacro %}`
}

const catalog = `
${absent('get_catalog_relations(information_schema, relations)', 'raise_compiler_error')}
${absent('get_catalog(information_schema, schemas)', 'raise_compiler_error')}
${absent('list_relations_without_caching(schema_relation)', 'raise_not_implemented')}
${absent('list_function_relations_without_caching(schema_relation)', 'raise_not_implemented')}
${absent('get_catalog_for_single_relation(relation)', 'raise_not_implemented')}
${absent('get_relations()', 'raise_not_implemented')}
${absent('get_relation_last_modified(information_schema, relations)', 'raise_not_implemented')}
${dispatching(
  'information_schema_name(database)',
  'list_schemas(database)',
  'check_schema_exists(information_schema, schema)',
  'collect_freshness(source, loaded_at_field, filter)',
  'collect_freshness_custom_sql(source, loaded_at_query)',
)}
{% macro default__information_schema_name(database) -%}
  {%- if database -%} {{ database }}.INFORMATION_SCHEMA {%- else -%} INFORMATION_SCHEMA {%- endif -%}
{%- endmacro %}
{% macro default__list_schemas(database) -%}
  {% set sql %}
    select distinct schema_name from {{ information_schema_name(database) }}.SCHEMATA where catalog_name ilike '{{ database }}'
  {% endset %}
  {{ return(run_query(sql)) }}
{% endmacro %}
{% macro default__check_schema_exists(information_schema, schema) -%}
  {% set sql -%}
    select count(*) from {{ information_schema.replace(information_schema_view='SCHEMATA') }}
    where catalog_name='{{ information_schema.database }}' and schema_name='{{ schema }}'
  {%- endset %}
  {{ return(run_query(sql)) }}
{% endmacro %}
{% macro default__collect_freshness(source, loaded_at_field, filter) %}
  {% call statement('collect_freshness', fetch_result=True, auto_begin=False) -%}
    select max({{ loaded_at_field }}) as max_loaded_at, {{ current_timestamp() }} as snapshotted_at
    from {{ source }} {% if filter %} where {{ filter }} {% endif %}
  {% endcall %}
  {{ return(load_result('collect_freshness')) }}
{% endmacro %}
{% macro default__collect_freshness_custom_sql(source, loaded_at_query) %}
  {% call statement('collect_freshness_custom_sql', fetch_result=True, auto_begin=False) -%}
    with source_query as ( {{ loaded_at_query }} )
    select (select * from source_query) as max_loaded_at, {{ current_timestamp() }} as snapshotted_at
  {% endcall %}
  {{ return(load_result('collect_freshness_custom_sql')) }}
{% endmacro %}
`

const grants = `
${dispatching(
  'copy_grants()',
  'support_multiple_grantees_per_dcl_statement()',
  'get_show_grant_sql(relation)',
  'get_grant_sql(relation, privilege, grantees)',
  'get_revoke_sql(relation, privilege, grantees)',
  'get_dcl_statement_list(relation, grant_config, get_dcl_macro)',
  'call_dcl_statements(dcl_statement_list)',
  'apply_grants(relation, grant_config, should_revoke)',
)}
{% macro default__copy_grants() %}{{ return(True) }}{% endmacro %}
{% macro default__support_multiple_grantees_per_dcl_statement() %}{{ return(True) }}{% endmacro %}
{% macro should_revoke(existing_relation, full_refresh_mode=True) %}
  {% if not existing_relation %}{{ return(False) }}{% endif %}
  {{ return(copy_grants() if full_refresh_mode else True) }}
{% endmacro %}
{% macro default__get_show_grant_sql(relation) %} show grants on {{ relation.render() }} {% endmacro %}
{% macro default__get_grant_sql(relation, privilege, grantees) -%} grant {{ privilege }} on {{ relation.render() }} to {{ grantees | join(', ') }} {%- endmacro %}
{% macro default__get_revoke_sql(relation, privilege, grantees) -%} revoke {{ privilege }} on {{ relation.render() }} from {{ get_quoted_csv(grantees) }} {%- endmacro %}
{% macro default__get_dcl_statement_list(relation, grant_config, get_dcl_macro) -%}
  {%- set statements = [] -%}
  {%- for privilege, grantees in grant_config.items() -%}
    {%- if grantees and support_multiple_grantees_per_dcl_statement() -%}
      {%- do statements.append(get_dcl_macro(relation, privilege, grantees)) -%}
    {%- else -%}
      {%- for grantee in grantees -%}{%- do statements.append(get_dcl_macro(relation, privilege, [grantee])) -%}{%- endfor -%}
    {%- endif -%}
  {%- endfor -%}
  {{ return(statements) }}
{%- endmacro %}
{% macro default__call_dcl_statements(dcl_statement_list) %}
  {% call statement('grants') %}{% for dcl in dcl_statement_list %} {{ dcl }}; {% endfor %}{% endcall %}
{% endmacro %}
{% macro default__apply_grants(relation, grant_config, should_revoke=True) %}
  {% if not grant_config %}{{ return('') }}{% endif %}
  {% set held = adapter.standardize_grants_dict(run_query(get_show_grant_sql(relation))) if should_revoke else {} %}
  {% set needed, surplus = diff_of_two_dicts(grant_config, held), diff_of_two_dicts(held, grant_config) %}
  {% if not (needed or surplus) %}
    {{ log('On ' ~ relation.render() ~ ': All grants are in place, no revocation or granting needed.') }}
    {{ return('') }}
  {% endif %}
  {% set statements = get_dcl_statement_list(relation, surplus, get_revoke_sql) + get_dcl_statement_list(relation, needed, get_grant_sql) %}
  {% if statements %}{{ call_dcl_statements(statements) }}{% endif %}
{% endmacro %}
`

const docsAndIndexes = `
${absent('alter_column_comment(relation, column_dict)', 'raise_not_implemented')}
${absent('alter_relation_comment(relation, relation_comment)', 'raise_not_implemented')}
${dispatching(
  'persist_docs(relation, model, for_relation=true, for_columns=true)',
  'get_create_index_sql(relation, index_dict)',
  'create_indexes(relation)',
)}
${undecided('get_drop_index_sql(relation, index_name)')}
${undecided('get_show_indexes_sql(relation)')}
{% macro validate_doc_columns(relation, column_dict, existing_column_names) %}
  {% set lower = existing_column_names | map('lower') | list %}
  {% set known, missing = {}, [] %}
  {% for name, column in column_dict.items() %}
    {% if (name in existing_column_names) if column['quote'] else (name | lower in lower) %}
      {% do known.update({name: column}) %}
    {% else %}
      {% do missing.append(name) %}
    {% endif %}
  {% endfor %}
  {% if missing %}
    {{ exceptions.warn('In relation ' ~ relation.render() ~ ': The following columns are specified in the schema but are not present in the database: ' ~ missing | join(', ')) }}
  {% endif %}
  {{ return(known) }}
{% endmacro %}
{% macro default__persist_docs(relation, model, for_relation, for_columns) -%}
  {% if for_relation and config.persist_relation_docs() and model.description %}
    {% do run_query(alter_relation_comment(relation, model.description)) %}
  {% endif %}
  {% if for_columns and config.persist_column_docs() and model.columns %}
    {% set existing = adapter.get_columns_in_relation(relation) | map(attribute='name') | list %}
    {% set sql = alter_column_comment(relation, validate_doc_columns(relation, model.columns, existing)) %}
    {% if sql and sql | trim %}{% do run_query(sql) %}{% endif %}
  {% endif %}
{% endmacro %}
{% macro default__get_create_index_sql(relation, index_dict) -%}{% do return(None) %}{% endmacro %}
{% macro default__create_indexes(relation) -%}
  {% for index in config.get('indexes', default=[]) %}
    {% set sql = get_create_index_sql(relation, index) %}
    {% if sql %}{% do run_query(sql) %}{% endif %}
  {% endfor %}
{% endmacro %}
`

const duckdb = `
{% macro duckdb__list_schemas(database) -%}
  {% set sql %}
    select schema_name from system.information_schema.schemata
    {% if database is not none %} where lower(catalog_name) = '{{ database | lower }}' {% endif %}
  {% endset %}
  {{ return(run_query(sql)) }}
{% endmacro %}
{% macro duckdb__check_schema_exists(information_schema, schema) -%}
  {% set sql -%}
    select count(*) from system.information_schema.schemata
    where lower(schema_name) = '{{ schema | lower }}' and lower(catalog_name) = '{{ information_schema.database | lower }}'
  {%- endset %}
  {{ return(run_query(sql)) }}
{% endmacro %}
{% macro duckdb__list_relations_without_caching(schema_relation) %}
  {% call statement('list_relations_without_caching', fetch_result=True) -%}
    select '{{ schema_relation.database }}' as database, table_name as name, table_schema as schema,
      case table_type when 'VIEW' then 'view' else 'table' end as type
    from system.information_schema.tables
    where lower(table_schema) = '{{ schema_relation.schema | lower }}' and lower(table_catalog) = '{{ schema_relation.database | lower }}'
  {% endcall %}
  {{ return(load_result('list_relations_without_caching').table) }}
{% endmacro %}
{% macro duckdb__apply_grants(relation, grant_config, should_revoke=True) %}
  {% if grant_config %}{{ adapter.warn_once('Grants for relations are not supported by DuckDB') }}{% endif %}
{% endmacro %}
{% macro duckdb_escape_comment(comment) -%}
  {%- set mark = '$dbt_comment_literal_block$' -%}
  {%- if comment is not string -%}{% do exceptions.raise_compiler_error('cannot escape a non-string: ' ~ comment) %}{%- endif -%}
  {%- if mark in comment -%}{%- do exceptions.raise_compiler_error('The string ' ~ mark ~ ' is not allowed in comments.') -%}{%- endif -%}
  {{ mark }}{{ comment }}{{ mark }}
{%- endmacro %}
{% macro duckdb__alter_relation_comment(relation, comment) %}
  comment on {{ relation.type }} {{ relation }} is {{ duckdb_escape_comment(comment) }};
{% endmacro %}
{% macro duckdb__alter_column_comment(relation, column_dict) %}
  {% set existing = adapter.get_columns_in_relation(relation) | map(attribute='name') | list %}
  {% for name, column in column_dict.items() if name in existing %}
    comment on column {{ relation }}.{{ adapter.quote(name) if column['quote'] else name }} is {{ duckdb_escape_comment(column['description']) }};
  {% endfor %}
{% endmacro %}
{% macro duckdb__get_create_index_sql(relation, index_dict) -%}
  {%- set index = adapter.parse_index(index_dict) -%}
  create {% if index.unique -%} unique {%- endif %} index "{{ index.render(relation) }}" on {{ relation }} ({{ ', '.join(index.columns) }});
{%- endmacro %}
{% macro drop_indexes_on_relation(relation) -%}
  {% call statement('get_indexes_on_relation', fetch_result=True, auto_begin=False) %}
    select index_name from duckdb_indexes()
    where database_name = '{{ relation.database }}' and schema_name = '{{ relation.schema }}' and table_name = '{{ relation.identifier }}'
  {% endcall %}
  {% for row in load_result('get_indexes_on_relation').table %}
    {% call statement('drop_index_' ~ loop.index, auto_begin=false) %}
      drop index "{{ relation.database }}"."{{ relation.schema }}"."{{ row[0] }}"
    {% endcall %}
  {% endfor %}
{%- endmacro %}
`

const duckdbCatalog = `
{% macro duckdb__get_catalog(information_schema, schemas) -%}
  {{ return(_catalog_of(information_schema, duckdb__get_catalog_schemas_where_clause_sql(schemas))) }}
{%- endmacro %}
{% macro duckdb__get_catalog_relations(information_schema, relations) -%}
  {{ return(_catalog_of(information_schema, duckdb__get_catalog_relations_where_clause_sql(relations))) }}
{%- endmacro %}
{% macro _catalog_of(information_schema, where) -%}
  {% set query %}
    with tables as ( {{ duckdb__get_catalog_tables_sql(information_schema) }} {{ where }} ),
    columns as ( {{ duckdb__get_catalog_columns_sql(information_schema) }} {{ where }} )
    {{ duckdb__get_catalog_results_sql() }}
  {% endset %}
  {{ return(run_query(query)) }}
{%- endmacro %}
{% macro duckdb__get_catalog_tables_sql(information_schema) -%}
  select * from (
    select database_name as table_database, schema_name as table_schema, table_name, 'BASE TABLE' as table_type, comment as table_comment
    from duckdb_tables() where upper(database_name) = upper('{{ information_schema.database }}')
    union all
    select database_name as table_database, schema_name as table_schema, view_name as table_name, 'VIEW' as table_type, comment as table_comment
    from duckdb_views() where upper(database_name) = upper('{{ information_schema.database }}')
  ) catalog_tables
{%- endmacro %}
{% macro duckdb__get_catalog_columns_sql(information_schema) -%}
  select * from (
    select database_name as table_database, schema_name as table_schema, table_name,
      column_name, column_index, data_type as column_type, comment as column_comment
    from duckdb_columns() where upper(database_name) = upper('{{ information_schema.database }}')
  ) catalog_columns
{%- endmacro %}
{% macro duckdb__get_catalog_results_sql() -%}
  select tables.table_database, tables.table_schema, tables.table_name, tables.table_type, tables.table_comment,
    columns.column_name, columns.column_index, columns.column_type, columns.column_comment, null as table_owner
  from tables
  join columns using (table_database, table_schema, table_name)
  order by table_schema, table_name, column_index
{%- endmacro %}
{% macro duckdb__get_catalog_schemas_where_clause_sql(schemas) -%}
  where {% if not schemas %} 1 = 0 {% else %} (
    {%- for schema in schemas -%} upper(table_schema) = upper('{{ schema }}'){% if not loop.last %} or {% endif %} {%- endfor -%}
  ) {% endif %}
{%- endmacro %}
{% macro duckdb__get_catalog_relations_where_clause_sql(relations) -%}
  where {% if not relations %} 1 = 0 {% else %} (
    {%- for relation in relations -%}
      {% if not relation.schema %}
        {% do exceptions.raise_compiler_error('\`get_catalog_relations\` requires a list of relations, each with a schema') %}
      {% endif %}
      ( upper(table_schema) = upper('{{ relation.schema }}')
        {%- if relation.identifier %} and upper(table_name) = upper('{{ relation.identifier }}') {%- endif %}
      ){% if not loop.last %} or {% endif %}
    {%- endfor -%}
  ) {% endif %}
{%- endmacro %}
`

export const metadataMacros = [
  ...macrosOf('dbt', catalog + grants + docsAndIndexes),
  ...macrosOf('dbt_duckdb', duckdb + duckdbCatalog),
]
