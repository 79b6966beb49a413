select 1 as id, 'new' as status, 1 as customer_id
