{% set parts %}
{% for p in var('enabled_platforms') %}
select '{{ p }}' as platform, count(distinct user_id) as users from {{ ref('stg_events__identified') }} where platform = '{{ p }}'
{% if not loop.last %}union all{% endif %}
{% endfor %}
{% endset %}
{{ parts | trim }}
