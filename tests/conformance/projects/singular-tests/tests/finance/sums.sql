select sum(amount) as total from {{ ref('orders') }} join {{ source('app', 'ledger') }} using (id) having total < 0;
