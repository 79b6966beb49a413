insert into app.orders values (1, 500, '2999-01-01');
