{% snapshot orders_history %}
{{ config(strategy='timestamp', unique_key='id', updated_at='updated_at', invalidate_hard_deletes=true) }}
select * from {{ source('app', 'orders') }}
{% endsnapshot %}

{# Between two of them. #}

{% snapshot customers_history %}
    {{
        config(
          target_schema='other',
          target_database='conformance',
          unique_key=['id', 'region'],
          strategy='check',
          check_cols=['name', 'email'],
          hard_deletes='new_record',
          dbt_valid_to_current="date '9999-12-31'",
          snapshot_meta_column_names={'dbt_valid_from': 'valid_from', 'dbt_valid_to': 'valid_to'},
        )
    }}
    select 1 as id, 'eu' as region, 'n' as name, 'e' as email
{% endsnapshot %}
