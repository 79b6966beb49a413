{{ config(my_own_key='x', pre_hook="select 1") }}
select * from {{ ref('m') }}
