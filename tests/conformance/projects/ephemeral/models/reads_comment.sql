/* with a comment */ -- and one more
with a as (select * from {{ ref('base') }}) select * from a
