create schema app;
create table app.raw as select 1 as x;
