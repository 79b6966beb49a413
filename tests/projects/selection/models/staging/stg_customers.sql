select * from {{ source('raw','customers') }} where {{ is_good('1') }}
