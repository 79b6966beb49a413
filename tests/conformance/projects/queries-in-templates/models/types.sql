{% if execute %}{% for row in run_query('select * from other.v').rows %}{% for value in row.values() %}{{ value }}|{% endfor %}{% endfor %}
{{ run_query('select * from other.v').columns['n'].values() }} {{ run_query('select 1 as a where false').rows | length }} {{ dbt_get_single() }}{% endif %}
select 1 as one from {{ source('other', 'v') }}
