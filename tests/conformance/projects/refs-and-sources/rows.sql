create schema app;
create table app.orders as from (values (1, 1, 1999), (2, 2, 5), (3, null, null)) t(order_id, customer_id, amount_cents);
create table app.customers as from (values (1, 'Ann', 'de'), (2, 'Ūta', 'xx')) t(customer_id, name, country);
