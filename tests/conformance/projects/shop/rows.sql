-- Orders lie far ahead, since a model keeps those of the last thirty days.
create schema app;
create schema ads_raw;
create table app.orders (id integer, customer integer, state varchar, currency varchar, total integer, created_at timestamp, _synced_at timestamp);
insert into app.orders values
  (1, 1, 'PLACED', 'eur', 1999, '2999-01-01 10:00', '2999-01-01 10:05'),
  (2, 1, 'Paid', 'usd', 2550, '2999-01-02 11:30', '2999-01-02 11:35'),
  (3, 2, 'shipped', 'gbp', 500, '2999-01-02 12:00', '2999-01-02 12:05'),
  (4, 9, 'cancelled', 'eur', 100, '2999-01-03 00:00', '2999-01-03 00:05');
create table app.order_lines (order_id integer, line_number integer, product_id integer, quantity integer, price integer, discount integer);
insert into app.order_lines values (1, 1, 1, 2, 999, 0), (2, 1, 2, 1, 2000, 55), (2, 2, 1, 1, 605, null), (3, 1, 3, 5, 100, 1);
create table app.customers (id integer, first_name varchar, last_name varchar, email varchar, country varchar, created_at timestamp, updated_at timestamp, is_test boolean);
insert into app.customers values
  (1, ' Ann', 'Ö ', 'ANN@example.com', 'de', '2024-01-01', '2024-01-02', false),
  (2, 'Bob', 'Stone', null, 'us', '2024-01-01', '2024-01-03', false),
  (3, 'Test', 'Test', 't@example.com', 'us', '2024-01-01', '2024-01-03', true);
create table app.product_catalogue (id integer, name varchar, category varchar, list_price integer, attributes json);
insert into app.product_catalogue values (1, 'cup', 'kitchen', 999, '{"colour": "red"}'), (2, 'lamp', 'living', 2000, '{}'), (3, 'pen', null, 100, null);
create table app.payments (id integer, order_id integer, method varchar, amount integer, paid_at timestamp);
insert into app.payments values (1, 1, 'card', 1999, '2999-01-01 11:00'), (2, 2, 'voucher', 550, null), (3, 2, 'cash', 2000, '2999-01-03'), (4, 3, 'wallet', 500, '2999-01-03');
create table app.refunds (id integer, payment_id integer, amount integer, refunded_at timestamp);
insert into app.refunds values (1, 3, 250, '2999-01-05');
create table app.addresses (id integer, customer_id integer, city varchar, country varchar, is_default boolean);
insert into app.addresses values (1, 1, 'Köln', 'at', true), (2, 1, 'Bonn', 'de', false);
create table app.carts (id integer, customer_id integer, items varchar[], abandoned_at timestamp);
insert into app.carts values (1, 1, ['cup'], null), (2, 7, ['pen', 'lamp'], '2999-01-04');
create table ads_raw.campaigns (id integer, name varchar, channel varchar);
insert into ads_raw.campaigns values (1, 'spring', 'mail'), (2, 'summer', 'tv');
create table ads_raw.clicks (click_id integer, campaign_id integer, customer_id integer, clicked_at timestamp);
insert into ads_raw.clicks values (1, 1, 1, '2999-01-01 09:00'), (2, 2, 1, '2999-01-02 09:00'), (3, 2, 2, '2999-01-03');
create table ads_raw.costs (campaign_id integer, day date, cost double, currency varchar);
insert into ads_raw.costs values (1, '2999-01-01', 0.1, 'eur'), (1, '2999-01-02', 0.2, 'eur'), (2, '2999-01-02', 1e3, 'eur');
