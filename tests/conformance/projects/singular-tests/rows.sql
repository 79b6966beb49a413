create schema app;
create table app.ledger as select 1 as id, 'x' as note;
