{% snapshot kept %}
{{ config(strategy='check', check_cols='all', unique_key='id', target_schema='s') }}
select * from {{ ref('base') }}
{% endsnapshot %}
