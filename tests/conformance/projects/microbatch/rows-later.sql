insert into s.t values (1, '2024-01-03 05:00');
