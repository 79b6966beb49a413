insert into app.orders values (5, 2, 'placed', 'eur', 999, '2999-01-04 08:00', '2999-01-04 08:05');
insert into app.order_lines values (5, 1, 1, 1, 999, 0);
insert into app.payments values (5, 5, 'transfer', 999, '2999-01-04 09:00');
update app.orders set state = 'returned' where id = 3;
update app.customers set country = 'fr', updated_at = '2024-02-01' where id = 1;
delete from app.customers where id = 3;
insert into app.customers values (4, 'Eve', 'New', 'eve@example.com', 'de', '2024-02-01', '2024-02-01', false);
update app.product_catalogue set list_price = 1099 where id = 1;
-- A second campaign of this number fails a test, and what is below is skipped.
insert into ads_raw.campaigns values (2, 'summer again', 'tv');
