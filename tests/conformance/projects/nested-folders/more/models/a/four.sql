select * from {{ ref('s1') }}, {{ ref('s2') }}
