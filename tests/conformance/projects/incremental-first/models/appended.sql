{{ config(incremental_strategy='append', on_schema_change='fail') }}
select 1 as id
