select {{ m2() }} as id from {{ ref('two') }}
