select * from {{ ref('b') }} join {{ ref('a_copy') }} using (id)
