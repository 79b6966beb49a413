select {{ one() }} as id from {{ ref('d') }}
