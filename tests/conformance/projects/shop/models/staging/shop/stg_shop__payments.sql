{{ config(tags=['money']) }}
select
    id as payment_id,
    order_id,
    case
        {%- for method in var('payment_methods') %}
        when method = '{{ method }}' then '{{ method }}'
        {%- endfor %}
        else 'other'
    end as payment_method,
    {{ cents_to_units('amount') }} as amount,
    paid_at
from {{ source('shop', 'payments') }}
