{{ config(group='finance') }}
select * from {{ ref('churn') }}
