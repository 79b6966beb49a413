{% materialization my_table, default %}
  {%- set target_relation = this.incorporate(type='table') -%}
  {% call statement('main') %}create or replace table {{ target_relation }} as {{ sql }}{% endcall %}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
{% materialization only_duckdb, adapter='duckdb', supported_languages=['sql', 'python'] %}
  {% call statement('main') -%} select 1 {%- endcall %}
  {{ return({'relations': []}) }}
{% endmaterialization %}
{% macro duckdb__create_table_as(temporary, relation, compiled_code, language='sql') %}create table {{ relation }} as ({{ compiled_code }}){% endmacro %}
