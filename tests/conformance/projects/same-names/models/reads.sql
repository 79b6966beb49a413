select * from {{ ref('orders') }} union all select * from {{ ref('twin', 'orders') }} -- {{ who() }} {{ twin.who() }} {{ twin.twin_who() }} {{ same_names.who() }}
