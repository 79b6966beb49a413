insert into events values (9, '2024-01-05'), (10, '2024-01-01');
