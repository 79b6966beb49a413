{{ config(tags=['one_off'], schema='nowhere') }}
select count(*) from {{ ref('m') }}, {{ source('app', 't') }}
