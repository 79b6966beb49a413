create table payments as select * from (values (1, 'card', 1.50::decimal(10,2)), (2, 'cash', 2.25), (3, 'card', null)) t(id, method, amount);
create table empty_one (id integer, "Name" varchar);
create schema other;
create view other.v as select 1::bigint as n, date '2024-01-02' as d, timestamp '2024-01-02 03:04:05' as ts, true as flag, 'ü' as txt, 1.5::double as f, null as nothing;
