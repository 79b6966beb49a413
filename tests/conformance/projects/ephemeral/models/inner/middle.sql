with x as (select * from {{ ref('base') }})
select * from x
