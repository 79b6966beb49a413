{{ config(group="finance") }} select * from {{ ref('dim') }} union all select * from {{ ref('inline') }}
