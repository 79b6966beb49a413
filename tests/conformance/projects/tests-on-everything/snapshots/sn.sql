{% snapshot sn %}{{ config(strategy='check', check_cols='all', unique_key='id', target_schema='h') }}select * from {{ ref('m') }}{% endsnapshot %}
