create schema s;
create table s.t as from (values (1, timestamp '2024-01-01 05:00'), (1, timestamp '2024-01-02 05:00'), (2, timestamp '2024-01-01')) t(id, loaded);
