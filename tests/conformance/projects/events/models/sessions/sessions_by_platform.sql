{{ config(materialized='table') }}
{% set platforms = var('enabled_platforms') %}
pivot (select platform, started_at::date as day from {{ ref('sessions') }} join {{ ref('stg_events__all') }} using (anonymous_id))
on platform in ({% for p in platforms %}'{{ p }}'{% if not loop.last %}, {% endif %}{% endfor %}) using count(*)
