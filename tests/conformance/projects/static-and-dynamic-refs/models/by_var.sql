select * from {{ ref(var('which')) }}
