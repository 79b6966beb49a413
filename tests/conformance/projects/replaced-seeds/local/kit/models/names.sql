select name from {{ ref('codes') }}
