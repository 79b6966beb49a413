create schema app;
create table app.t as select 1 as x;
