{{
    config(
        materialized='incremental',
        unique_key='order_id',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        tags=['core']
    )
}}

with orders as (

    select * from {{ ref('stg_shop__orders') }}
    {% if is_incremental() -%}
    where ordered_at >= (select coalesce(max(ordered_at), '{{ var("first_order_on") }}'::timestamp) - interval 3 day from {{ this }})
    {%- endif %}

),

sums as (select * from {{ ref('int_orders_summed') }}),

payments as (select * from {{ ref('int_payments_pivoted') }}),

refunds as (select * from {{ ref('int_refunds_by_order') }}),

final as (

    select
        {{ surrogate_key(['orders.order_id', 'orders.customer_id']) }} as order_key,
        orders.*,
        sums.goods_amount,
        sums.line_count,
        {%- for method in var('payment_methods') %}
        payments.{{ method }}_amount,
        {%- endfor %}
        payments.paid_amount - coalesce(refunds.refunded_amount, 0) as net_amount
    from orders
    left join sums using (order_id)
    left join payments using (order_id)
    left join refunds using (order_id)

)

select * from final
