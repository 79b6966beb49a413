{% for p in var('enabled_platforms') %}
select * from {{ ref('stg_events__' ~ p) }}
{% if not loop.last %}union all by name{% endif %}
{% endfor %}
