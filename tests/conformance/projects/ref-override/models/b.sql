select * from {{ ref('a') }} join {{ ref('ref_override', 'a') }} using (id)
