create schema raw;
create table raw.t as from (values (1), (1), (5)) t(id);
