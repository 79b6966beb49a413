select id, happened_on from {{ source('app', 'events') }}
{% if is_incremental() -%}
where happened_on > (select max(happened_on) from {{ this }})
{%- endif %}
