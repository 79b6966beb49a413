select *, len(items) as item_count from {{ ref('stg_shop__carts') }}
