create schema s;
create table s.t as from (values (1), (1), (1), (2)) t(a);
