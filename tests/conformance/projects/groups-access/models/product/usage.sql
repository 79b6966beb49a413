{{ config(group='product') }}
select * from {{ ref('report') }}
