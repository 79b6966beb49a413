{% snapshot all_columns -%}
{{ config(unique_key='id', strategy='check', check_cols='all', alias='everything', target_schema=none, schema='snap') }}
select * from {{ ref('seeded') }}
{%- endsnapshot %}
