/** Rows of one relation brought into another: merge, delete and insert. */
import { dispatching, macrosOf } from './standard-macro.ts'

const common = `
${dispatching(
  'get_merge_unique_key_match(source_unique_key, target_unique_key)',
  'get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates)',
  'get_insert_overwrite_merge_sql(target, source, dest_columns, predicates, include_sql_header=false)',
)}
{% macro get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
  {% set predicates = kwargs.get('predicates', incremental_predicates) %}
  {{ return(adapter.dispatch('get_merge_sql', 'dbt')(target, source, unique_key, dest_columns, predicates)) }}
{%- endmacro %}
{% macro default__get_merge_unique_key_match(source_unique_key, target_unique_key) -%}
  {{ return(equals(source_unique_key, target_unique_key) | trim) }}
{%- endmacro %}
{% macro default__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
  {%- set predicates = [] + (incremental_predicates or []) -%}
  {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) -%}
  {%- set updated = get_merge_update_columns(config.get('merge_update_columns'), config.get('merge_exclude_columns'), dest_columns) -%}
  {%- set sql_header = config.get('sql_header', none) -%}
  {%- if not unique_key -%}{%- do predicates.append('FALSE') -%}
  {%- elif unique_key is string -%}
    {%- do predicates.append(get_merge_unique_key_match('DBT_INTERNAL_SOURCE.' ~ unique_key, 'DBT_INTERNAL_DEST.' ~ unique_key)) -%}
  {%- else -%}
    {%- for key in unique_key -%}
      {%- do predicates.append(' DBT_INTERNAL_SOURCE.' ~ key ~ ' = DBT_INTERNAL_DEST.' ~ key ~ ' ') -%}
    {%- endfor -%}
  {%- endif -%}
  {{ sql_header if sql_header is not none }}
  merge into {{ target }} as DBT_INTERNAL_DEST
  using {{ source }} as DBT_INTERNAL_SOURCE
  on {{ '(' ~ predicates | join(') and (') ~ ')' }}
  {% if unique_key %}
  when matched then update set
    {% for column in updated -%} {{ column }} = DBT_INTERNAL_SOURCE.{{ column }} {%- if not loop.last %}, {%- endif %}
    {%- endfor %}
  {% endif %}
  when not matched then insert ({{ columns }})
  values ({{ columns }})
{% endmacro %}
{% macro default__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
  {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) -%}
  {%- set keys = unique_key if unique_key is string else (unique_key or []) | join(', ') %}
  {% if unique_key %}
    delete from {{ target }} as DBT_INTERNAL_DEST
    where ({{ keys }}) in ( select distinct {{ keys }} from {{ source }} as DBT_INTERNAL_SOURCE )
    {%- for predicate in incremental_predicates or [] %} and {{ predicate }} {% endfor -%};
  {% endif %}
  insert into {{ target }} ({{ columns }})
  ( select {{ columns }} from {{ source }} )
{%- endmacro %}
{% macro default__get_insert_overwrite_merge_sql(target, source, dest_columns, predicates, include_sql_header) -%}
  {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) -%}
  {%- set sql_header = config.get('sql_header', none) -%}
  {{ sql_header if sql_header is not none and include_sql_header }}
  merge into {{ target }} as DBT_INTERNAL_DEST
  using {{ source }} as DBT_INTERNAL_SOURCE
  on FALSE
  when not matched by source {% if predicates %} and {{ predicates | join(' and ') }} {% endif %} then delete
  when not matched then insert ({{ columns }})
  values ({{ columns }})
{% endmacro %}
`

/** `and (…)`, for a condition that is a text or a list of texts. */
const condition = `{%- set condition = clause.get('condition') -%}
    {%- if condition %} AND {{ condition if condition is string else '(' ~ condition | join(') AND (') ~ ')' }} {%- endif %}`

const outcome = `{%- elif action == 'delete' %} DELETE
    {%- elif action == 'do_nothing' %} DO NOTHING
    {%- elif action == 'error' %} ERROR{% if clause.get('error_message') %} '{{ clause.get('error_message') | replace("'", "''") }}'{% endif %}
    {%- endif %}`

const duckdb = `
{% macro duckdb__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
  {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) -%}
  {% if unique_key and unique_key is not string %}
    delete from {{ target }} as DBT_INCREMENTAL_TARGET
    using {{ source }}
    where (
      {% for key in unique_key %}
        {{ source }}.{{ key }} = DBT_INCREMENTAL_TARGET.{{ key }}
        {{ 'and ' if not loop.last }}
      {% endfor %}
      {% for predicate in incremental_predicates or [] %} and {{ predicate }} {% endfor %}
    );
  {% elif unique_key %}
    delete from {{ target }}
    where ( {{ unique_key }}) in ( select ({{ unique_key }}) from {{ source }} )
    {%- for predicate in incremental_predicates or [] %} and {{ predicate }} {% endfor -%};
  {% endif %}
  insert into {{ target }} ({{ columns }})
  ( select {{ columns }} from {{ source }} )
{%- endmacro %}
{% macro normalize_incremental_predicates(incremental_predicates) -%}
  {{ return(normalize_string_or_list(incremental_predicates, 'incremental_predicates')) }}
{%- endmacro %}
{% macro duckdb__merge_join_clause(unique_key, merge_on_using_columns, incremental_predicates) -%}
  {%- set filters = [] + (incremental_predicates or []) -%}
  {%- set keys = [] if not unique_key else [unique_key] if unique_key is string else unique_key -%}
  {%- set pairs = [] if keys else ['FALSE'] -%}
  {%- for key in keys -%}{%- do pairs.append('DBT_INTERNAL_SOURCE.' ~ key ~ ' = DBT_INTERNAL_DEST.' ~ key) -%}{%- endfor %}
  {% if merge_on_using_columns %}
    USING ({{ merge_on_using_columns | join(', ') }})
    {%- if filters %} ON ({{ filters | join(') AND (') }}) {%- endif %}
  {% else %}
    ON ({{ (pairs + filters) | join(') AND (') }})
  {% endif %}
{%- endmacro %}
{% macro merge_clause_defaults(merge_update_condition, merge_insert_condition, merge_update_columns=[], merge_exclude_columns=[], merge_update_set_expressions={}) -%}
  {%- set update = {'include': merge_update_columns, 'exclude': merge_exclude_columns, 'set_expressions': merge_update_set_expressions} -%}
  {{ return({
    'when_matched_update_by_name': {'action': 'update', 'condition': merge_update_condition, 'mode': 'by_name'},
    'when_not_matched_insert_by_name': {'action': 'insert', 'condition': merge_insert_condition, 'mode': 'by_name'},
    'when_matched_update_explicit': {'action': 'update', 'condition': merge_update_condition, 'mode': 'explicit', 'update': update},
  }) }}
{%- endmacro %}
{% macro duckdb__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
  {%- set predicates = normalize_incremental_predicates(incremental_predicates) -%}
  {{ validate_merge_config(config, target) }}
  {%- set sql_header = config.get('sql_header', none) -%}
  {%- set include, exclude = config.get('merge_update_columns', []), config.get('merge_exclude_columns', []) -%}
  {%- set expressions = config.get('merge_update_set_expressions', {}) -%}
  {%- set defaults = merge_clause_defaults(config.get('merge_update_condition'), config.get('merge_insert_condition'), include, exclude, expressions) -%}
  {%- set update = defaults.when_matched_update_explicit if (include or exclude or expressions) else defaults.when_matched_update_by_name -%}
  {%- set clauses = config.get('merge_clauses', {}) -%}
  {%- set returning = config.get('merge_returning_columns', []) -%}
  {{ sql_header if sql_header is not none }}
  MERGE INTO {{ target }} AS DBT_INTERNAL_DEST
  USING {{ source }} AS DBT_INTERNAL_SOURCE
  {{ duckdb__merge_join_clause(unique_key, config.get('merge_on_using_columns', []), predicates) }}
  {%- for clause in clauses.get('when_matched', [update]) %}
  WHEN MATCHED ${condition}
  THEN
    {% set action, mode = clause.get('action'), clause.get('mode') -%}
    {%- if action == 'update' %}
      {%- if mode == 'explicit' %}
        {%- set how = clause.get('update', {}) -%}
        {%- set given = how.get('set_expressions', {}) -%}
        {%- set assigned = [] -%}
        {%- for column, expression in given.items() -%}{%- do assigned.append(column ~ ' = ' ~ expression) -%}{%- endfor -%}
        {%- for column in get_merge_update_columns(how.get('include', []), how.get('exclude', []), dest_columns) -%}
          {%- if column.replace('"', '').replace("'", '') not in given -%}
            {%- do assigned.append(column ~ ' = DBT_INTERNAL_SOURCE.' ~ column) -%}
          {%- endif -%}
        {%- endfor %} UPDATE SET {{ assigned | join(', ') }}
      {%- else %} {{ {'by_name': 'UPDATE BY NAME', 'by_position': 'UPDATE BY POSITION', 'star': 'UPDATE SET *'}.get(mode, '') }}
      {%- endif %}
    ${outcome}
  {%- endfor %}
  {%- for clause in clauses.get('when_not_matched', [defaults.when_not_matched_insert_by_name]) %}
  WHEN NOT MATCHED
    {% if clause.get('by') %}BY {{ clause.get('by') | upper }} {% endif %} ${condition}
  THEN
    {% set action, mode = clause.get('action'), clause.get('mode') -%}
    {%- if action == 'update' %}
      {%- set assigned = [] -%}
      {%- for column, expression in clause.get('set_expressions', {}).items() -%}{%- do assigned.append(column ~ ' = ' ~ expression) -%}{%- endfor %} UPDATE SET {{ assigned | join(', ') }}
    {%- elif action == 'insert' %}
      {%- if mode == 'explicit' %}
        {%- set how = clause.get('insert', {}) %} INSERT ({{ how.get('columns', []) | join(', ') }}) VALUES ({{ how.get('values', []) | join(', ') }})
      {%- else %} {{ {'by_name': 'INSERT BY NAME', 'by_position': 'INSERT BY POSITION', 'star': 'INSERT *'}.get(mode, '') }}
      {%- endif %}
    ${outcome}
  {%- endfor %}
  {%- if returning %} RETURNING {{ returning if returning is string else returning | join(', ') }} {%- endif %}
{% endmacro %}
`

const validation = `
{% macro validate_string_field(field_value, field_name, errors) -%}
  {%- if field_value is not none and field_value is not string -%}
    {%- do errors.append(field_name ~ ' must be a string, found: ' ~ field_value) -%}
  {%- endif -%}
{%- endmacro %}
{% macro validate_string_list_field(field_value, field_name, errors) -%}
  {%- if field_value is not none and (field_value is not sequence or field_value is mapping or field_value is string) -%}
    {%- do errors.append(field_name ~ ' must be a list') -%}
  {%- elif field_value is not none -%}
    {%- for item in field_value if item is not string -%}
      {%- do errors.append(field_name ~ ' must contain only string values, found: ' ~ item) -%}
    {%- endfor -%}
  {%- endif -%}
{%- endmacro %}
{% macro validate_dict_field(field_value, field_name, errors) -%}
  {%- if field_value is not none and field_value is not mapping -%}
    {%- do errors.append(field_name ~ ' must be a dictionary, found: ' ~ field_value) -%}
  {%- endif -%}
{%- endmacro %}
{% macro validate_merge_config(config, target_relation=none) %}
  {%- set errors = [] -%}
  {%- set fields = {
    'merge_update_condition': validate_string_field,
    'merge_insert_condition': validate_string_field,
    'merge_on_using_columns': validate_string_list_field,
    'merge_update_columns': validate_string_list_field,
    'merge_update_set_expressions': validate_dict_field,
    'merge_exclude_columns': validate_string_list_field,
    'merge_returning_columns': validate_string_list_field,
  } -%}
  {%- for name, check in fields.items() -%}{%- do check(config.get(name), name, errors) -%}{%- endfor -%}
  {%- do validate_merge_clauses(config, fields, errors) -%}
  {%- if not errors -%}{%- do validate_ducklake_restrictions(config, target_relation, errors) -%}{%- endif -%}
  {%- if errors -%}{{ exceptions.raise_compiler_error('MERGE configuration errors:\\n' ~ errors | join('\\n')) }}{%- endif -%}
{% endmacro %}
{% macro validate_merge_clauses(config, base_configuration_fields, errors) -%}
  {%- set clauses = config.get('merge_clauses') -%}
  {%- if clauses is none -%}{{ return('') }}{%- endif -%}
  {%- if clauses is not mapping -%}
    {%- do errors.append('merge_clauses must be a dictionary, found: ' ~ clauses) -%}
    {{ return('') }}
  {%- endif -%}
  {%- if 'when_matched' not in clauses and 'when_not_matched' not in clauses -%}
    {%- do errors.append("merge_clauses must contain at least one of 'when_matched' or 'when_not_matched' keys") -%}
  {%- endif -%}
  {%- for kind in ['when_matched', 'when_not_matched'] if kind in clauses -%}{%- do validate_merge_clause_list(clauses, kind, errors) -%}{%- endfor -%}
  {%- set ignored = [] -%}
  {%- for name in base_configuration_fields if name not in ['merge_on_using_columns', 'merge_returning_columns'] and config.get(name) -%}
    {%- do ignored.append(name) -%}
  {%- endfor -%}
  {%- if ignored -%}
    {%- do errors.append('When merge_clauses is specified, the following basic merge configurations will be ignored and should be removed: ' ~ ignored | join(', ')) -%}
  {%- endif -%}
{%- endmacro %}
{% macro validate_merge_clause_list(merge_clauses, clause_type, errors) -%}
  {%- set clauses, name = merge_clauses.get(clause_type), 'merge_clauses.' ~ clause_type -%}
  {%- if clauses is not sequence or clauses is mapping or clauses is string -%}{%- do errors.append(name ~ ' must be a list') -%}
  {%- elif not clauses -%}{%- do errors.append(name ~ ' must contain at least one element') -%}
  {%- else -%}
    {%- for clause in clauses if clause is not mapping -%}{%- do errors.append(name ~ ' elements must be dictionaries, found: ' ~ clause) -%}{%- endfor -%}
  {%- endif -%}
{%- endmacro %}
{% macro validate_ducklake_restrictions(config, target_relation, errors) -%}
  {%- if not target_relation or not adapter.is_ducklake(target_relation) -%}{%- do return(none) -%}{%- endif -%}
  {%- if config.get('merge_returning_columns') -%}
    {%- do errors.append('DuckLake MERGE restrictions: merge_returning_columns is not supported because DuckLake does not support RETURNING.') -%}
  {%- endif -%}
  {%- set clauses = config.get('merge_clauses') or {} -%}
  {%- set found = (clauses.get('when_matched', []) + clauses.get('when_not_matched', [])) | selectattr('action', 'defined') | selectattr('action', 'in', ['update', 'delete']) | list -%}
  {%- if found | length > 1 -%}
    {%- do errors.append('DuckLake MERGE restrictions: merge_clauses can contain only a single UPDATE or DELETE action across when_matched and when_not_matched. Found ' ~ found | length ~ '.') -%}
  {%- endif -%}
{%- endmacro %}
`

export const mergeMacros = [
  ...macrosOf('dbt', common),
  ...macrosOf('dbt_duckdb', duckdb + validation),
]
