select '{{ var("kit_schema") }}' as s, {{ base.one() }} as one from {{ source('kit_source', 't') }}
