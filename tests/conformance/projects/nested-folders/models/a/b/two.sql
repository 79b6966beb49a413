select {{ m1() }} as id from {{ ref('one') }}
