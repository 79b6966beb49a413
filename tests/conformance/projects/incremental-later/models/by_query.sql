{% if is_incremental() %}
  {% set last = run_query('select max(last_id) from ' ~ this).columns[0].values()[0] %}
{% endif %}
select id as last_id from {{ source('app', 'events') }} where id > {{ last | default(0) }}
