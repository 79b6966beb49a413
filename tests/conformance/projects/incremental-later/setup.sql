create table events as select 1 as id, date '2024-01-02' as happened_on;
create table daily as select 1 as id, date '2024-01-01' as happened_on;
create table by_query as select 7 as last_id;
create view as_view as select 1 as id;
