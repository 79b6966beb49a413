/** Queries inside templates, hooks, and the configs that surround them. */
import { dispatching, macrosOf } from './standard-macro.ts'

export const statementMacros = [
  ...macrosOf(
    'dbt',
    `
{% macro statement(name=none, fetch_result=False, auto_begin=True, language='sql') -%}
  {%- if execute -%}
    {%- set code = caller() -%}
    {%- if name == 'main' -%}
      {{ log('Writing runtime {} for node "{}"'.format(language, model['unique_id'])) }}{{ write(code) }}
    {%- endif -%}
    {%- if language == 'sql' -%}
      {%- set response, table = adapter.execute(code, auto_begin=auto_begin, fetch=fetch_result) -%}
    {%- elif language == 'python' -%}
      {%- set response, table = submit_python_job(model, code), none -%}
    {%- else -%}
      {% do exceptions.raise_compiler_error("statement macro didn't get supported language") %}
    {%- endif -%}
    {%- if name is not none -%}{{ store_result(name, response=response, agate_table=table) }}{%- endif -%}
  {%- endif -%}
{%- endmacro %}
{% macro noop_statement(name=none, message=none, code=none, rows_affected=none, res=none) -%}
  {%- set sql = caller() -%}
  {%- if name == 'main' -%}
    {{ log('Writing runtime SQL for node "{}"'.format(model['unique_id'])) }}{{ write(sql) }}
  {%- endif -%}
  {%- if name is not none -%}
    {{ store_raw_result(name, message=message, code=code, rows_affected=rows_affected, agate_table=res) }}
  {%- endif -%}
{%- endmacro %}
{% macro run_query(sql) %}
  {% call statement('run_query_statement', fetch_result=true, auto_begin=false) %}{{ sql }}{% endcall %}
  {% do return(load_result('run_query_statement').table) %}
{% endmacro %}

{% macro set_sql_header(config) -%} {{ config.set('sql_header', caller()) }} {%- endmacro %}
{% macro should_full_refresh() %}
  {% set asked = config.get('full_refresh') %}
  {% do return(flags.FULL_REFRESH if asked is none else asked) %}
{% endmacro %}
{% macro should_store_failures() %}
  {% set asked = config.get('store_failures') %}
  {% do return(flags.STORE_FAILURES if asked is none else asked) %}
{% endmacro %}
{% macro is_core_v2() -%} {{ return((dbt_version.split('.') | first | int) == 2) }} {%- endmacro %}

{% macro make_hook_config(sql, inside_transaction) %}
  {{ tojson({'sql': sql, 'transaction': inside_transaction}) }}
{% endmacro %}
{% macro before_begin(sql) %} {{ make_hook_config(sql, inside_transaction=False) }} {% endmacro %}
{% macro in_transaction(sql) %} {{ make_hook_config(sql, inside_transaction=True) }} {% endmacro %}
{% macro after_commit(sql) %} {{ make_hook_config(sql, inside_transaction=False) }} {% endmacro %}

${dispatching('validate_sql(sql)')}
{% macro default__validate_sql(sql) -%}
  {% call statement('validate_sql') -%} explain {{ sql }} {% endcall %}
  {{ return(load_result('validate_sql')) }}
{% endmacro %}
{% macro get_show_sql(compiled_code, sql_header, limit) -%}
  {%- if sql_header is not none -%} {{ sql_header }} {%- endif %}
  {{ get_limit_subquery_sql(compiled_code, limit) }}
{% endmacro %}
{% macro get_limit_subquery_sql(sql, limit) -%} {{ adapter.dispatch('get_limit_sql', 'dbt')(sql, limit) }} {%- endmacro %}
{% macro default__get_limit_sql(sql, limit) %}
  {{ sql }}
  {% if limit is not none %} limit {{ limit }} {%- endif -%}
{% endmacro %}
`,
  ),
  ...macrosOf(
    'dbt_duckdb',
    `
{% macro run_hooks(hooks, inside_transaction=True) %}
  {% for hook in hooks | selectattr('transaction', 'equalto', inside_transaction) %}
    {% set rendered = render(hook.get('sql')) | trim %}
    {% if rendered %}{% call statement(auto_begin=inside_transaction) %} {{ rendered }} {% endcall %}{% endif %}
  {% endfor %}
{% endmacro %}
`,
  ),
]
