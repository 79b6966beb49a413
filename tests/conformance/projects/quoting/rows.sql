create schema a;
create table a."T A" as select 7 as x;
