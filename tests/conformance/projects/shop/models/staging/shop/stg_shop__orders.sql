with source as (

    select * from {{ source('shop', 'orders') }}

),

renamed as (

    select
        -- ids
        id as order_id,
        customer as customer_id,

        -- texts
        lower(state) as status,
        currency,

        -- numbers
        {{ cents_to_units('total') }} as total_amount,

        -- timestamps
        created_at as ordered_at,
        {{ dbt.date_trunc('day', 'created_at') }} as ordered_on

    from source
    {{ limit_in_dev('created_at', days=30) }}

)

select * from renamed
