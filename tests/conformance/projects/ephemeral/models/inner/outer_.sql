-- a comment before
select * from {{ ref('middle') }} join {{ ref('base') }} using (id)
