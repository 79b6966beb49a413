{{ config(tags=['weekly','hot'], group='finance') }} select * from {{ ref('stg_customers') }}
