create schema app;
create table app.events as from (values (1, date '2024-01-01', date '2024-01-01'), (2, date '2999-01-02', date '2024-01-02')) t(id, day, happened_on);
-- A hook of the model wants it to be there.
create table merged as select 1 as id, 1 as a, 'x' as gone;
