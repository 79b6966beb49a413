create schema s;
create table s.t as select 1 as a, timestamp '2024-01-01' as at;
