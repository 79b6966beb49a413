{{ config(where="1 = 1", limit=1, fail_calc="max(id)") }}
select * from {{ ref('m') }} where id < 0
