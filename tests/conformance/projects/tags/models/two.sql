{{ config(tags='c') }}
select * from {{ ref('one') }}
