select 1 as id, 9 as c
