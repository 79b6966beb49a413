create schema s;
create table s.t as from (values ('a'), ('b')) t(x);
