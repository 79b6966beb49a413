create schema app;
create table app.raw as from (values (1), (1), (null), (2)) t(id);
