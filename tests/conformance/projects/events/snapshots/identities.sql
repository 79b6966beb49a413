{% snapshot identities_history %}
{{ config(target_schema='history', unique_key='anonymous_id', strategy='check', check_cols=['user_id']) }}
select * from {{ ref('stg_identities') }}
{% endsnapshot %}
