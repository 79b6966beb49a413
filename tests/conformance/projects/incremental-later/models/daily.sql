select id, at from {{ source('app', 'events') }}
{% if is_incremental() -%}
where at > (select max(at) from {{ this }})
{%- endif %}
