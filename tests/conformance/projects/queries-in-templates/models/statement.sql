{% call statement('rows', fetch_result=true) %}
  select id, amount from {{ source('app', 'payments') }} order by id
{% endcall %}
{% if execute %}
{% set result = load_result('rows') %}
{% for row in result['data'] %}{{ row[0] }}={{ row[1] }};{% endfor %}
{{ result.table.column_names }} {{ result['table'].rows | length }} {{ result.response is defined }}
{% for r in result.table.rows %}{{ r['id'] }}/{{ r.amount }}/{{ r[1] }} {% endfor %}
{% endif %}
select 1 as one
