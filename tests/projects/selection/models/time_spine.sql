select 1::timestamp as day
