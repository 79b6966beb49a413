create schema s;
create table s.t as select 1 as x;
