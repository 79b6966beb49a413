with recursive n as (select 1 as id union all select id + 1 from n where id < 3) select * from n
