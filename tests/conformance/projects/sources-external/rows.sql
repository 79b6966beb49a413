create view one as select 1 as id, 'ä' as name;
copy (from one) to 'data' (format parquet, per_thread_output true);
copy (from one) to 'data/orders.parquet' (format parquet);
copy (select 2 as id, 'b' as name) to 'data/c.csv' (header true);
copy (select 3 as id, 'c' as name) to 'data/events_v1.json' (format json);
copy (select 4 as id, 'd' as name) to 'data/clicks' (format parquet, per_thread_output true);
copy (select 5 as id, 'e' as name) to 'data/views.csv' (header true);
drop view one;
