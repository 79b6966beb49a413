{{ config(materialized='incremental', unique_key='id') }}
select s.id, s.amount > {{ var('threshold') }} as is_large, '{{ env_var("REGION", "eu") }}' as region, {{ now_() }} as seen_at
from {{ ref('stg') }} as s join {{ ref('codes') }} as c on c.id = s.id
{% if is_incremental() %}where s.placed_at > (select max(seen_at) from {{ this }}){% endif %}
