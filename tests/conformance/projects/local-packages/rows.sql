create schema from_root;
create table from_root.t as select 1 as x;
